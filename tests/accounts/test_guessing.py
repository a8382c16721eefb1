"""Guesses at a password: counted before anything is hashed, and answered without telling anything."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.utils import timezone
from rest_framework.test import APIClient

from helpdesk.accounts.devices import Device
from helpdesk.accounts.operations import credentials
from helpdesk.core import redis
from helpdesk.core.errors import Throttled
from helpdesk.limits.models import Hit
from tests.people import PASSWORD, UserFactory
from tests.servers import Valkey

Api = Callable[[Any], Any]


class CountingHasher(MD5PasswordHasher):
    hashes = 0

    def encode(self, password: str, salt: str) -> str:
        CountingHasher.hashes += 1
        return super().encode(password, salt)


@pytest.fixture(autouse=True, params=["redis", "database"])
def counters(request: pytest.FixtureRequest, settings: Any, own_valkey: Valkey, db: None) -> str:
    settings.RATE_LIMIT_ENABLED, settings.RATE_LIMIT_ANON = True, "1000/min"
    settings.SIGN_IN_LIMIT_ACCOUNT, settings.SIGN_IN_LIMIT_ADDRESS = "5/15min", "100/15min"
    settings.SIGN_IN_LIMIT_BOTH = "3/15min"
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    if request.param == "database":
        own_valkey.kill()
    where: str = request.param
    return where


def sign_in(username: str, password: str = PASSWORD, *, address: str = "203.0.113.7") -> Any:
    body = {"username": username, "password": password}
    return APIClient(REMOTE_ADDR=address).post("/api/auth/token/", body)


def statuses(*tries: tuple[str, str]) -> list[int]:
    return [sign_in(*one).status_code for one in tries]


def test_after_the_last_guess_not_even_the_right_password_is_hashed() -> None:
    UserFactory(username="ada")
    assert statuses(*[("ada", "wrong")] * 3) == [401] * 3
    before = CountingHasher.hashes

    refused = [sign_in("ada"), sign_in("ada", "wrong")]

    assert [response.status_code for response in refused] == [429, 429]
    assert refused[0].json()["code"] == "throttled"
    assert 890 <= int(refused[0].headers["Retry-After"]) <= 900
    assert refused[0].headers["Retry-After"] in refused[0].json()["detail"]
    assert CountingHasher.hashes == before


def told(response: Any) -> tuple[Any, ...]:
    """All that a client can see, but the request's id and the seconds that passed since the first guess."""
    body = response.content.decode().replace(response.json()["request_id"], "…")
    headers = {name: value for name, value in response.headers.items() if name != "X-Request-ID"}
    seconds = re.compile(r"\b(89\d|900|5\d|60)\b")
    return response.status_code, seconds.sub("…", body), seconds.sub("…", str(sorted(headers.items())))


def test_while_it_is_locked_right_and_wrong_known_unknown_and_inactive_are_answered_alike() -> None:
    UserFactory(username="ada", email="ada@example.org")
    UserFactory(username="gone", is_active=False)
    answers = []
    # Each from an address of its own, so that all have the same past.
    tries = [("ada", PASSWORD), ("gone", PASSWORD), ("nobody", PASSWORD), ("no@example.org", PASSWORD)]
    tries += [(name, "wrong") for name, _ in tries]
    for number, (name, password) in enumerate(tries):
        address = f"198.51.100.{number}"
        for _ in range(3):
            sign_in(name, "wrong", address=address)
        answers.append(sign_in(name, password, address=address))

    assert {answer.status_code for answer in answers} == {429}
    assert len({told(answer) for answer in answers}) == 1
    assert {"RateLimit", "RateLimit-Policy", "Retry-After"} <= set(answers[0].headers)


@pytest.mark.parametrize(
    "names",
    [
        ["ada", "ADA", "ada@example.org", "Ada@EXAMPLE.org"],
        ["ada", "\uff41\uff44\uff41", "a\uff24a", "ada\uff20example.org"],
        ["nobody", "NOBODY", "nObody", "\uff4eobody"],
        ["strasse", "STRASSE", "Strasse", "\uff33trasse"],
    ],
)
def test_one_account_by_whatever_name_and_letters_is_counted_as_one(names: list[str]) -> None:
    UserFactory(username="ada", email="ada@example.org")

    assert statuses(*[(name, "wrong") for name in names]) == [401, 401, 401, 429]


def test_a_name_that_only_looks_like_somebodys_lets_nobody_in() -> None:
    UserFactory(username="ada")
    assert statuses(("\uff41da", PASSWORD), ("ada", PASSWORD)) == [401, 200]


def test_neighbours_in_one_network_are_counted_as_one_and_others_are_not() -> None:
    UserFactory(username="ada")
    addresses = ["2001:db8::1", "2001:db8::2", "2001:db8::ffff:3", "2001:db8::4", "2001:db8:0:1::1"]

    answers = [sign_in("ada", "wrong", address=address).status_code for address in addresses]

    assert answers == [401, 401, 401, 429, 401]


def test_somebody_elses_guesses_lock_only_their_own_address() -> None:
    UserFactory(username="ada")
    assert statuses(*[("ada", "wrong")] * 20).count(401) == 3

    assert sign_in("ada", address="198.51.100.1").status_code == 200


def test_many_addresses_lock_the_account_as_a_whole() -> None:
    UserFactory(username="ada")
    for number in range(5):
        assert sign_in("ada", "wrong", address=f"198.51.100.{number}").status_code == 401

    assert sign_in("ada", address="192.0.2.9").status_code == 429


def test_one_address_guesses_at_all_accounts_together(settings: Any) -> None:
    settings.SIGN_IN_LIMIT_ADDRESS = "4/15min"
    names = ["a", "b", "c", "d", "e"]
    assert statuses(*[(name, "wrong") for name in names]) == [401] * 4 + [429]
    assert sign_in("e", "wrong", address="192.0.2.9").status_code == 401


def test_who_is_signed_in_already_does_not_notice(api_as: Api) -> None:
    user = UserFactory(username="ada")
    pair = sign_in("ada").json()
    assert 429 in statuses(*[("ada", "wrong")] * 5)

    me = APIClient(HTTP_AUTHORIZATION=f"Bearer {pair['access']}").get("/api/users/me/")
    renewed = APIClient().post("/api/auth/token/refresh/", {"refresh": pair["refresh"]})

    assert (me.status_code, me.json()["id"], renewed.status_code) == (200, user.pk, 200)


def test_who_signs_in_often_is_never_locked() -> None:
    UserFactory(username="ada")
    assert statuses(*[("ada", PASSWORD)] * 12) == [200] * 12


def test_a_good_sign_in_buys_no_new_guesses() -> None:
    """Or whoever has an account could go on for ever at another one's, and a mistake at the own would be forgotten."""
    UserFactory(username="ada")
    UserFactory(username="eve")
    tries = [("ada", "wrong"), ("ada", "wrong"), ("eve", PASSWORD), ("ada", PASSWORD), ("ada", "wrong")]

    assert statuses(*tries, ("ada", "wrong")) == [401, 401, 200, 200, 401, 429]


def test_the_right_password_of_an_inactive_account_is_charged_like_a_wrong_one() -> None:
    UserFactory(username="gone", is_active=False)
    assert statuses(*[("gone", PASSWORD)] * 4) == [401, 401, 401, 429]


def test_nothing_that_was_typed_is_kept(counters: str) -> None:
    """People type passwords into the field for names."""
    sign_in("canary-hunter2", "canary-wrong")

    if counters == "database":
        kept = " ".join(Hit.objects.values_list("key", flat=True))
    else:
        kept = redis.call(lambda client: b" ".join(client.keys()).decode())
    assert kept.count("guess:") == 3
    assert "canary" not in kept


def test_a_body_that_is_no_sign_in_costs_no_guess() -> None:
    UserFactory(username="ada")
    assert statuses(*[("ada", "p" * 1025)] * 5, ("ada", PASSWORD)) == [400] * 5 + [200]


def test_switched_off_nothing_is_counted(settings: Any) -> None:
    settings.RATE_LIMIT_ENABLED = False
    UserFactory(username="ada")
    assert statuses(*[("ada", "wrong")] * 6, ("ada", PASSWORD)) == [401] * 6 + [200]


# --- the old password, where a new one is set --------------------------------------------------------------------------


def test_asking_for_the_old_password_is_counted_with_the_sign_ins() -> None:
    user, here, now = UserFactory(username="ada"), Device(address="203.0.113.7"), timezone.now()
    assert statuses(*[("ada", "wrong")] * 2) == [401, 401]
    assert credentials.confirm(user=user, password=PASSWORD, device=here, now=now)
    assert not credentials.confirm(user=user, password="wrong", device=here, now=now)

    with pytest.raises(Throttled):
        credentials.confirm(user=user, password=PASSWORD, device=here, now=now)
    assert sign_in("ada").status_code == 429
