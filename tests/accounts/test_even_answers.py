"""How long an answer takes tells nothing of whose address it is: measured interleaved, as whoever guesses would."""

import time
from collections.abc import Callable
from statistics import median
from typing import Any

import pytest
from rest_framework.test import APIClient

from helpdesk.accounts.models import User
from helpdesk.events.models import EventRecord
from tests.people import UserFactory
from tests.servers.programs import Valkey

GOOD = "a-long-enough-passphrase"
EACH = 40
# What may differ between two medians, and how often a busy machine is asked again.
TOLERANCE = 0.15
ROUNDS = 3


def register(address: str, number: int) -> tuple[str, dict[str, str]]:
    body = {"username": f"user-{number}-{time.monotonic_ns()}", "email": address, "password": GOOD}
    return "/api/auth/register/", body


def reset(address: str, _number: int) -> tuple[str, dict[str, str]]:
    return "/api/auth/password/reset/", {"email": address}


def medians(ask: Callable[[str, int], tuple[str, dict[str, str]]]) -> list[float]:
    """Seconds for a known and for an unknown address, in turns."""
    client, taken = APIClient(), ([], [])  # type: APIClient, tuple[list[float], list[float]]
    User.objects.all().delete()
    # Each of their own, so that nobody is written to too often.
    known = UserFactory.create_batch(EACH)
    for number, owner in enumerate(known):
        for seconds, address in zip(taken, (owner.email, f"nobody-{number}@example.com"), strict=True):
            path, body = ask(address, number)
            began = time.perf_counter()
            answer = client.post(path, body)
            seconds.append(time.perf_counter() - began)
            assert answer.status_code in {201, 202}
    return [median(seconds) for seconds in taken]


@pytest.mark.slow
@pytest.mark.parametrize("ask", [register, reset])
def test_a_known_and_an_unknown_address_take_as_long(valkey_here: Valkey, settings: Any, ask: Any) -> None:
    settings.PASSWORD_HASHERS = ["helpdesk.accounts.hashers.Argon2Hasher"]
    settings.EVEN_ANSWER_SECONDS = 0.5
    ratios = []
    for _ in range(ROUNDS):
        known, unknown = medians(ask)
        ratios.append(known / unknown)
        if abs(ratios[-1] - 1) <= TOLERANCE:
            break
    assert abs(ratios[-1] - 1) <= TOLERANCE, ratios
    # The work behind them was not the same.
    assert EventRecord.objects.filter(type__in=["registered_again", "password_reset_requested"]).count() >= EACH


@pytest.mark.django_db
@pytest.mark.parametrize("work", [0.0, 0.1, 0.3])
def test_an_answer_takes_its_time_or_what_its_work_took(settings: Any, work: float) -> None:
    from helpdesk.accounts.api.evenly import evenly

    settings.EVEN_ANSWER_SECONDS = 0.2
    began = time.monotonic()
    with evenly():
        time.sleep(work)
    assert time.monotonic() - began >= max(work, 0.2)


@pytest.mark.django_db
def test_bad_input_does_not_wait(settings: Any) -> None:
    """It says nothing of anybody's address, and is the same for all."""
    settings.EVEN_ANSWER_SECONDS = 10
    began = time.monotonic()
    for email in (UserFactory().email, "nobody@example.com"):
        body = {"username": "ada", "email": email, "password": "short"}
        assert APIClient().post("/api/auth/register/", body).status_code == 400
    assert time.monotonic() - began < 9
