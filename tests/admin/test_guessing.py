"""The admin's form is a door like the API's: the same counters, the same history, the same bounds."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from helpdesk.events.models import EventRecord
from tests.accounts.loud_hasher import busy_hashers
from tests.people import PASSWORD, AdminFactory

LOGIN = "/admin/login/"
OWN = ("old_password", "new_password1", "new_password2")
Browser = Callable[..., Client]


def sign_in(username: str, password: str = PASSWORD, **headers: Any) -> Any:
    form = {"username": username, "password": password, "next": "/admin/"}
    return Client().post(LOGIN, form, REMOTE_ADDR="203.0.113.7", HTTP_USER_AGENT="Firefox", **headers)


def history() -> list[tuple[str, Any]]:
    return [
        (record.type, record.body.get("reason") or record.body.get("method"))
        for record in EventRecord.objects.order_by("id")
    ]


@pytest.fixture
def limits(settings: Any, own_valkey: Any) -> Any:
    settings.RATE_LIMIT_ENABLED, settings.RATE_LIMIT_ANON = True, "1000/min"
    settings.SIGN_IN_LIMIT_BOTH = "3/15min"
    return own_valkey


def test_signing_in_is_history(db: None, admin: Any) -> None:
    assert sign_in(admin.username).status_code == 302

    record = EventRecord.objects.get()
    assert (record.type, record.subject_id, record.actor_id) == ("signed_in", admin.pk, admin.pk)
    assert record.body["device"] == {"address": "203.0.113.7", "user_agent": "Firefox"}
    assert (record.body["method"], record.body["session"]) == ("admin", "")


def test_so_is_a_refused_one_and_only_who_may_read_it_learns_why(db: None, admin: Any, agent: Any) -> None:
    gone = AdminFactory(is_active=False)
    for name, password in [
        (admin.username, "wrong"),
        (gone.username, PASSWORD),
        (agent.username, PASSWORD),
        ("canary-nobody", "wrong"),
    ]:
        assert sign_in(name, password).status_code == 200
    assert history() == [
        ("sign_in_refused", "wrong_password"),
        ("sign_in_refused", "inactive"),
        ("sign_in_refused", "not_allowed_here"),
        ("unknown_sign_in_refused", None),
    ]
    assert "canary" not in str(list(EventRecord.objects.values()))


@pytest.mark.parametrize("redis", ["there", "gone"])
def test_its_guesses_are_counted_with_those_at_the_api(db: None, admin: Any, limits: Any, redis: str) -> None:
    if redis == "gone":
        limits.kill()
    api = APIClient(REMOTE_ADDR="203.0.113.7")
    guess = {"username": admin.email, "password": "wrong"}
    assert sign_in(admin.username, "wrong").status_code == 200
    assert api.post("/api/auth/token/", guess).status_code == 401
    assert sign_in(admin.username.upper(), "wrong").status_code == 200

    right, wrong = sign_in(admin.username), sign_in(admin.username, "wrong")

    assert [page.status_code for page in (right, wrong)] == [429, 429]
    assert right.headers["Content-Type"].startswith("text/html")
    assert 890 <= int(right.headers["Retry-After"]) <= 900
    assert api.post("/api/auth/token/", guess | {"password": PASSWORD}).status_code == 429
    assert len(history()) == 3


def test_who_signs_in_often_is_never_locked_and_an_agent_is(db: None, admin: Any, agent: Any, limits: Any) -> None:
    assert [sign_in(admin.username).status_code for _ in range(5)] == [302] * 5
    assert [sign_in(agent.username).status_code for _ in range(4)] == [200, 200, 200, 429]


def test_a_browser_that_was_left_open_is_no_place_to_guess_either(browser_as: Browser, admin: Any, limits: Any) -> None:
    browser = browser_as(admin)
    new = "a-long-enough-passphrase"
    form = {"old_password": "wrong", "new_password1": new, "new_password2": new}
    pages = [browser.post("/admin/password_change/", form).status_code for _ in range(3)]

    locked = browser.post("/admin/password_change/", form | {"old_password": PASSWORD})

    assert (pages, locked.status_code) == ([200] * 3, 429)
    assert browser.get("/admin/").status_code == 200
    assert history() == [("sign_in_refused", "wrong_old_password")] * 3


def test_a_password_that_is_too_long_is_not_hashed(db: None, browser_as: Browser, admin: Any, settings: Any) -> None:
    """All who hash are busy: whatever came to the hasher would be a 503."""
    browser, huge = browser_as(admin), "p" * 1_000_000
    settings.PASSWORD_HASHERS = ["helpdesk.accounts.hashers.Argon2Hasher"]
    with busy_hashers():
        pages = [
            sign_in(admin.username, huge),
            sign_in("n" * 255),
            browser.post("/admin/password_change/", {"old_password": huge, "new_password1": "", "new_password2": ""}),
            browser.post("/admin/password_change/", dict.fromkeys(OWN, "p" * 1025)),
        ]
        busy = sign_in(admin.username)
    assert [page.status_code for page in pages] == [200] * 4
    assert "1024" in pages[0].content.decode()
    assert huge not in pages[0].content.decode()
    assert (busy.status_code, busy.headers["Retry-After"]) == (503, "5")
    assert history() == []
