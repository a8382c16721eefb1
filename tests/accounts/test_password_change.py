"""`POST /api/auth/password/change/`: the others are out, and guessing is bounded."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from helpdesk.accounts.devices import NOWHERE
from helpdesk.accounts.models import Session, User
from helpdesk.accounts.operations.users import WrongPassword, change_password
from helpdesk.events.models import EventRecord
from tests.accounts.devices import bearer, endings, me, refresh, sign_in
from tests.people import NOON, PASSWORD, UserFactory
from tests.servers import Valkey

Api = Callable[[Any], Any]

GOOD = "a-long-enough-passphrase"


def change(pair: dict[str, str], old: Any = PASSWORD, new: Any = GOOD) -> Any:
    return bearer(pair).post("/api/auth/password/change/", {"old_password": old, "new_password": new})


def test_every_other_session_ends_and_this_one_goes_on_by_its_refresh_token(customer: Any) -> None:
    here, *others = [sign_in(customer) for _ in range(3)]

    assert change(here).status_code == 204

    assert [refresh(pair).status_code for pair in others] == [401, 401]
    # Its access token is as stale as theirs.
    assert [me(pair) for pair in (here, *others)] == [401, 401, 401]
    fresh = refresh(here).json()
    assert me(fresh) == 200
    assert endings() == [("sessions_ended", "password_changed", 2, customer.username)]
    assert User.objects.get(pk=customer.pk).check_password(GOOD)


def test_it_is_told_without_a_word_of_either(customer: Any) -> None:
    change(sign_in(customer))
    record = EventRecord.objects.get(type="user_updated")
    assert (record.changes, record.actor_id) == ({"password": {"from": None, "to": None}}, customer.pk)
    stored = str(list(EventRecord.objects.values("body", "data", "changes")))
    assert [secret for secret in (GOOD, PASSWORD, User.objects.get(pk=customer.pk).password) if secret in stored] == []


def test_a_cookie_in_the_admin_is_another_session(admin: Any, browser_as: Any) -> None:
    browser = browser_as(admin)
    assert change(sign_in(admin)).status_code == 204
    assert browser.get("/admin/").status_code == 302


def test_a_wrong_old_password_changes_nothing(customer: Any) -> None:
    here, other = sign_in(customer), sign_in(customer)

    answer = change(here, old="wrong")

    assert answer.status_code == 400
    assert [(error["field"], error["code"]) for error in answer.json()["errors"]] == [
        ("old_password", "wrong_password")
    ]
    assert [me(here), me(other)] == [200, 200]
    assert endings() == []


@pytest.mark.parametrize("new", ["short", "12345678", "password", "customer_1", PASSWORD[:7]])
def test_a_weak_new_password_is_refused_as_everywhere(db: None, new: str) -> None:
    here = sign_in(UserFactory(username="customer_1"))
    answer = change(here, new=new)
    assert answer.status_code == 400
    assert {(error["field"], error["code"]) for error in answer.json()["errors"]} == {("new_password", "weak_password")}
    assert me(here) == 200


def test_who_has_no_password_is_told_so(customer: Any) -> None:
    here = sign_in(customer)
    person = User.objects.get(pk=customer.pk)
    person.password = "!unusable"
    person.save(update_fields=["password"])

    for old in (PASSWORD, "!unusable", "x"):
        answer = change(here, old=old)
        assert (answer.status_code, answer.json()["code"]) == (409, "no_password")


def test_a_password_that_was_changed_meanwhile_is_not_changed_again(customer: Any) -> None:
    stale = User.objects.get(pk=customer.pk)
    session = Session.objects.create(user=customer)
    asked = {"session_id": session.pk, "old_password": PASSWORD, "device": NOWHERE, "now": NOON}
    change_password(by=User.objects.get(pk=customer.pk), new_password=GOOD, **asked)

    # As for a request that found the old one right before that: the hash is no longer the one that it compared.
    with pytest.raises(WrongPassword):
        change_password(by=stale, new_password="another-long-passphrase", **asked)
    assert User.objects.get(pk=customer.pk).check_password(GOOD)


@pytest.fixture
def limited(settings: Any, own_valkey: Valkey) -> Valkey:
    settings.RATE_LIMIT_ENABLED = True
    settings.SIGN_IN_LIMIT_BOTH = "3/h"
    return own_valkey


@pytest.mark.failing_subscriber  # the cache's, while Redis is down
@pytest.mark.parametrize("outage", [False, True])
def test_guessing_is_bounded_also_while_redis_is_down(transactional_db: None, limited: Valkey, outage: object) -> None:
    """Durable in PostgreSQL: not in a transaction of the test's own."""
    customer, other = UserFactory(), UserFactory()
    pairs = [sign_in(customer), sign_in(customer)]
    theirs = sign_in(other)
    if outage:
        limited.kill()

    # In whichever session it is tried; once there were too many, also for the right one.
    answers = [change(pairs[n % 2], old=f"guess {n}") for n in range(4)] + [change(pairs[0])]

    assert [answer.status_code for answer in answers] == [400, 400, 400, 429, 429]
    assert int(answers[-1].headers["Retry-After"]) > 60
    assert me(pairs[0]) == 200
    assert change(theirs).status_code == 204


def test_a_body_that_is_none_is_no_guess(transactional_db: None, limited: Valkey) -> None:
    here = sign_in(UserFactory())
    for body in ({}, {"old_password": "x"}, {"old_password": 7, "new_password": GOOD}):
        for _ in range(2):
            assert bearer(here).post("/api/auth/password/change/", body).status_code == 400
    assert change(here).status_code == 204


def test_it_is_for_the_signed_in(db: None) -> None:
    body = {"old_password": PASSWORD, "new_password": GOOD}
    assert APIClient().post("/api/auth/password/change/", body).status_code == 401
