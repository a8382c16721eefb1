"""A sign-in that was refused is history: for the person, and for who manages users."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from helpdesk.accounts.models import User
from helpdesk.events.models import EventRecord
from tests.people import PASSWORD, UserFactory

Api = Callable[[Any], Any]
TYPES = "sign_in_refused,unknown_sign_in_refused,signed_in"


def sign_in(username: str, password: str, **headers: Any) -> Any:
    client = APIClient(REMOTE_ADDR="203.0.113.7", HTTP_USER_AGENT="Firefox", **headers)
    return client.post("/api/auth/token/", {"username": username, "password": password})


def test_a_wrong_password_is_told_with_where_it_came_from(db: None) -> None:
    user = UserFactory(username="ada")
    for name in ("ada", "ADA@example.com"):
        assert sign_in(name, "canary-wrong").status_code == 401

    for record in EventRecord.objects.all():
        assert (record.type, record.subject_type, record.subject_id) == ("sign_in_refused", "user", user.pk)
        assert record.body == {
            "actor": None,
            "user": user.as_dict(),
            "device": {"address": "203.0.113.7", "user_agent": "Firefox"},
            "reason": "wrong_password",
            "message": "A sign-in as ada was refused",
        }
    assert EventRecord.objects.count() == 2


@pytest.mark.parametrize("password", [PASSWORD, "wrong"])
def test_an_inactive_account_is_told_without_a_word_on_its_password(db: None, password: str) -> None:
    UserFactory(username="gone", is_active=False)
    sign_in("gone", password)
    assert EventRecord.objects.get().body["reason"] == "inactive"


@pytest.mark.parametrize("name", ["canary-nobody", "canary@example.org", "\uff43anary"])
def test_of_an_unknown_name_nothing_is_kept_but_where_it_came_from(db: None, name: str) -> None:
    """People type passwords there."""
    UserFactory(username="canary")
    sign_in(name, "canary-password")

    record = EventRecord.objects.get()

    assert (record.type, record.subject_type, record.staff_only) == ("unknown_sign_in_refused", "desk", True)
    assert record.body["device"] == {"address": "203.0.113.7", "user_agent": "Firefox"}
    assert "canary" not in str([record.body, record.data, record.changes])


def test_every_refusal_asks_the_database_the_same_number_of_things(db: None) -> None:
    """Or the time would tell which names exist."""
    UserFactory(username="ada", email="ada@example.org")
    UserFactory(username="gone", is_active=False)
    asked = []
    for name in ("ada", "ada@example.org", "gone", "nobody", "nobody@example.org", "@"):
        with CaptureQueriesContext(connection) as statements:
            assert sign_in(name, "wrong").status_code == 401
        asked.append(len(statements))
    assert len(set(asked)) == 1, asked


def test_what_was_throttled_writes_no_rows(db: None, settings: Any, own_valkey: Any) -> None:
    settings.RATE_LIMIT_ENABLED, settings.RATE_LIMIT_ANON = True, "1000/min"
    settings.SIGN_IN_LIMIT_BOTH = "2/15min"
    UserFactory(username="ada")
    for name in ("ada", "nobody"):
        assert [sign_in(name, "wrong").status_code for _ in range(9)].count(429) == 7
    assert EventRecord.objects.count() == 4


def test_the_person_and_admins_read_it_and_nobody_else(
    transactional_db: None, api_as: Api, admin: Any, agent: Any, stranger: Any
) -> None:
    user = UserFactory(username="ada")
    start = api_as(admin).get("/api/events/").json()["next"]
    sign_in("ada", "wrong")
    sign_in("nobody", "wrong")

    def seen(reader: Any) -> list[str]:
        answer = api_as(reader).get("/api/events/", {"after": start, "types": TYPES})
        return [event["type"] for event in answer.json()["results"]]

    assert seen(user) == ["sign_in_refused"]
    assert seen(admin) == ["sign_in_refused", "unknown_sign_in_refused"]
    assert seen(agent) == seen(stranger) == []


def test_nothing_of_it_is_written_while_somebody_comes_in(db: None) -> None:
    UserFactory(username="ada")
    assert sign_in("ada", PASSWORD).status_code == 200
    assert list(EventRecord.objects.values_list("type", flat=True)) == ["signed_in"]
    assert User.objects.get(username="ada").check_password(PASSWORD)
