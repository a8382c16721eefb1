"""Where one is signed in: seen, ended one by one or all at once, and told of."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from rest_framework.test import APIClient

from helpdesk.accounts import tokens
from helpdesk.accounts.devices import Device
from helpdesk.accounts.enums import Method
from helpdesk.accounts.models import Session, User
from helpdesk.accounts.operations.sessions import NoActiveAccount, begin_session
from helpdesk.accounts.operations.users import set_password, update_user
from helpdesk.events.models import EventRecord
from tests.accounts.devices import bearer, endings, me, refresh, sid, sign_in
from tests.people import NOON, PASSWORD, UserFactory

Api = Callable[[Any], Any]

GOOD = "a-long-enough-passphrase"


# --- the list --------------------------------------------------------------------------------------------------------


def test_the_list_has_ones_devices_the_newest_first_and_says_which_one_asks(customer: Any, stranger: Any) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        phone = sign_in(customer, HTTP_USER_AGENT="Phone/1", REMOTE_ADDR="192.0.2.7")
        clock.shift(60)
        laptop = sign_in(customer, HTTP_USER_AGENT="Laptop/2", REMOTE_ADDR="2001:db8::7")
        sign_in(stranger)

        page = bearer(phone).get("/api/auth/sessions/").json()
        ids = {"phone": sid(phone), "laptop": sid(laptop)}

    assert (page["count"], page["next"], page["previous"]) == (2, None, None)
    assert page["results"] == [
        {
            "id": ids["laptop"],
            "device": "Laptop/2",
            "address": "2001:db8::7",
            "method": "password",
            "created_at": "2026-11-20T12:01:00Z",
            "last_seen_at": "2026-11-20T12:01:00Z",
            "current": False,
        },
        {
            "id": ids["phone"],
            "device": "Phone/1",
            "address": "192.0.2.7",
            "method": "password",
            "created_at": "2026-11-20T12:00:00Z",
            "last_seen_at": "2026-11-20T12:01:00Z",
            "current": True,
        },
    ]


def test_what_is_over_is_not_in_the_list(api_as: Api, customer: Any, settings: Any) -> None:
    now = timezone.now()
    Session.objects.create(user=customer, ended_at=now)
    Session.objects.create(user=customer, refreshed_at=now - timedelta(days=8))
    Session.objects.create(user=customer, created_at=now - timedelta(days=31))
    settings.SESSION_IDLE_TIMEOUT = {"customer": 300}
    Session.objects.create(user=customer, last_seen_at=now - timedelta(minutes=10))

    results = api_as(customer).get("/api/auth/sessions/").json()["results"]

    assert [session["current"] for session in results] == [True]


def test_all_are_reached_by_following_the_pages(api_as: Api, customer: Any) -> None:
    Session.objects.bulk_create(Session(user=customer) for _ in range(45))
    client, url, seen = api_as(customer), "/api/auth/sessions/", []
    while url:
        page = client.get(url).json()
        seen += [session["id"] for session in page["results"]]
        url = page["next"]
    assert len(seen) == len(set(seen)) == 46


# --- one by one ------------------------------------------------------------------------------------------------------


def test_an_ended_session_is_out_at_once_and_told_of(customer: Any) -> None:
    phone, laptop = sign_in(customer), sign_in(customer)

    assert bearer(laptop).delete(f"/api/auth/sessions/{sid(phone)}/").status_code == 204

    assert (me(phone), me(laptop)) == (401, 200)
    assert refresh(phone).status_code == 401
    assert refresh(laptop).status_code == 200
    assert endings() == [("session_ended", "ended_by_user", sid(phone), customer.username)]


def test_one_may_end_the_session_that_asks(customer: Any) -> None:
    here = sign_in(customer)
    assert bearer(here).delete(f"/api/auth/sessions/{sid(here)}/").status_code == 204
    assert me(here) == 401


def bytes_of(response: Any) -> tuple[int, dict[str, str], bytes]:
    request_id = response.json()["request_id"]
    headers = {name: value.replace(request_id, "") for name, value in response.headers.items()}
    return response.status_code, headers, response.content.replace(request_id.encode(), b"")


@pytest.mark.parametrize("role", ["customer", "agent", "admin"])
def test_anothers_session_is_no_session(api_as: Api, customer: Any, role: str) -> None:
    client = api_as(UserFactory(username="other", role=role))
    theirs = Session.objects.create(user=customer)
    over = Session.objects.create(user=customer, ended_at=timezone.now())
    ids = [theirs.pk, over.pk, uuid.uuid4(), uuid.UUID(int=0), "abc", "0", "%00", f"{{{theirs.pk}}}", theirs.pk.hex]

    answers = {bytes_of(client.delete(f"/api/auth/sessions/{odd}/"))[0::2] for odd in ids}

    assert len(answers) == 1
    assert next(iter(answers))[0] == 404
    theirs.refresh_from_db()
    assert theirs.ended_at is None
    assert endings() == []


def test_an_ended_one_of_ones_own_is_no_session_either(api_as: Api, customer: Any) -> None:
    over = Session.objects.create(user=customer, ended_at=timezone.now())
    client = api_as(customer)
    answers = [client.delete(f"/api/auth/sessions/{key}/") for key in (over.pk, uuid.uuid4())]
    assert bytes_of(answers[0]) == bytes_of(answers[1])
    assert answers[0].status_code == 404


# --- signing out -----------------------------------------------------------------------------------------------------


def sign_out(token: Any) -> Any:
    return APIClient().post("/api/auth/logout/", {"refresh": token})


def test_signing_out_needs_the_refresh_token_alone_and_may_be_repeated(customer: Any) -> None:
    here, there = sign_in(customer), sign_in(customer)

    assert [sign_out(here["refresh"]).status_code for _ in range(2)] == [204, 204]

    assert (me(here), me(there)) == (401, 200)
    assert endings() == [("session_ended", "signed_out", sid(here), customer.username)]


def test_a_spent_token_ends_its_session_by_signing_out_as_well(customer: Any) -> None:
    first = sign_in(customer)
    second = refresh(first).json()

    assert sign_out(first["refresh"]).status_code == 204

    assert me(second) == 401
    assert endings() == [("session_ended", "refresh_reused", sid(first), None)]


@pytest.mark.parametrize("make", [lambda pair: pair["access"], lambda _: "x", lambda pair: pair["refresh"][:-3]])
def test_what_is_no_refresh_token_signs_nobody_out(customer: Any, make: Any) -> None:
    here = sign_in(customer)
    answer = sign_out(make(here))
    assert (answer.status_code, answer.json()["code"]) == (401, "token_not_valid")
    assert me(here) == 200


def test_signing_out_everywhere_ends_all_and_nobody_elses(
    customer: Any, stranger: Any, browser_as: Any, admin: Any
) -> None:
    pairs, other = [sign_in(customer) for _ in range(3)], sign_in(stranger)
    before = User.objects.get(pk=customer.pk).token_version

    assert bearer(pairs[0]).post("/api/auth/logout-all/").status_code == 204

    assert [me(pair) for pair in (*pairs, other)] == [401, 401, 401, 200]
    assert [refresh(pair).status_code for pair in pairs] == [401, 401, 401]
    assert endings() == [("sessions_ended", "signed_out", 3, customer.username)]
    assert User.objects.get(pk=customer.pk).token_version == before + 1
    browser = browser_as(admin)
    bearer(sign_in(admin)).post("/api/auth/logout-all/")
    assert browser.get("/admin/").status_code == 302


# --- what others do to them ------------------------------------------------------------------------------------------


def test_a_new_role_makes_tokens_stale_and_the_session_goes_on(customer: Any, admin: Any) -> None:
    pair = sign_in(customer)
    update_user(by=admin, user_id=customer.pk, changes={"role": "agent"}, now=timezone.now())

    assert me(pair) == 401
    fresh = refresh(pair)
    assert fresh.status_code == 200
    assert bearer(fresh.json()).get("/api/users/me/").json()["role"] == "agent"
    assert endings() == []


@pytest.mark.parametrize(
    "changes", [{"name": "New"}, {"email": "new@example.com"}, {"language": "es"}, {"role": "customer"}]
)
def test_other_changes_leave_tokens_alone(customer: Any, admin: Any, changes: dict[str, str]) -> None:
    pair = sign_in(customer)
    update_user(by=admin, user_id=customer.pk, changes=changes, now=timezone.now())
    assert me(pair) == 200


def test_deactivation_and_a_password_set_by_an_admin_end_all_and_say_who(
    customer: Any, stranger: Any, admin: Any
) -> None:
    pairs = [sign_in(customer), sign_in(customer), sign_in(stranger)]
    update_user(by=admin, user_id=customer.pk, changes={"is_active": False}, now=timezone.now())
    set_password(by=admin, user_id=stranger.pk, password=GOOD, now=timezone.now())

    assert [me(pair) for pair in pairs] == [401, 401, 401]
    assert endings() == [
        ("sessions_ended", "deactivated", 2, admin.username),
        ("sessions_ended", "password_changed", 1, admin.username),
    ]
    versions = User.objects.filter(pk__in=[customer.pk, stranger.pk]).values_list("token_version", flat=True)
    assert set(versions) == {1}


def test_what_django_saves_by_itself_ends_them_too_in_one_transaction(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`manage.py changepassword` knows no operation, and opens no transaction."""
    from helpdesk.accounts import passwords

    customer = UserFactory()
    pair = sign_in(customer)
    person = User.objects.get(pk=customer.pk)
    person.set_password(GOOD)
    with monkeypatch.context() as broken:
        broken.setattr(passwords, "end_sessions", lambda **_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            person.save()
    assert User.objects.get(pk=customer.pk).check_password(PASSWORD)
    assert me(pair) == 200

    person = User.objects.get(pk=customer.pk)
    person.set_password(GOOD)
    person.save()
    assert me(pair) == 401
    assert endings() == [("sessions_ended", "password_changed", 1, None)]


def test_who_knew_the_old_password_does_not_slip_in_behind_the_new_one(customer: Any, admin: Any) -> None:
    """Found right a moment ago, and changed before the session began."""
    as_found = User.objects.get(pk=customer.pk)
    set_password(by=admin, user_id=customer.pk, password=GOOD, now=timezone.now())

    with pytest.raises(NoActiveAccount):
        begin_session(user=as_found, method=Method.PASSWORD, device=Device(), now=timezone.now())

    update_user(by=admin, user_id=customer.pk, changes={"is_active": False}, now=timezone.now())
    gone = User.objects.get(pk=customer.pk)
    with pytest.raises(NoActiveAccount):
        begin_session(user=gone, method=Method.PASSWORD, device=Device(), now=timezone.now())


# --- by age ----------------------------------------------------------------------------------------------------------


def test_a_session_ends_after_thirty_days_however_often_it_is_refreshed(customer: Any) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        pair = sign_in(customer)
        for _ in range(5):
            clock.shift(5 * 86_400)
            pair = refresh(pair).json()
        clock.shift(5 * 86_400 - 600)
        pair = refresh(pair).json()
        assert me(pair) == 200
        end = NOON + timedelta(days=30)
        assert tokens.read_access(pair["access"]).expires_at == end
        clock.move_to(end - timedelta(seconds=1))
        assert me(pair) == 200
        clock.move_to(end)
        assert me(pair) == 401
        assert refresh(pair).status_code == 401
        # The history learns of it when the person comes back.
        sign_in(customer)
    assert endings() == [("sessions_ended", "too_old", 1, None)]


def test_a_shorter_age_holds_for_tokens_that_are_about(customer: Any, settings: Any) -> None:
    pair = sign_in(customer)
    Session.objects.update(created_at=timezone.now() - timedelta(days=2))
    settings.SESSION_MAX_AGE = 86_400

    assert (me(pair), refresh(pair).status_code) == (401, 401)
    assert endings() == [("session_ended", "too_old", sid(pair), None)]


def test_a_session_that_nobody_refreshed_is_told_to_have_expired(customer: Any) -> None:
    Session.objects.create(user=customer, refreshed_at=timezone.now() - timedelta(days=8))
    Session.objects.create(user=customer, refreshed_at=timezone.now() - timedelta(days=8), ended_at=timezone.now())
    sign_in(customer)
    assert endings() == [("sessions_ended", "expired", 1, None)]


# --- when it was seen ------------------------------------------------------------------------------------------------


def test_it_is_seen_once_a_minute_and_costs_nothing_in_between(customer: Any, django_assert_num_queries: Any) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        client = bearer(sign_in(customer))
        clock.shift(59)
        with django_assert_num_queries(1):
            client.get("/api/users/me/")
        clock.shift(1)
        with django_assert_num_queries(2):
            client.get("/api/users/me/")
        with django_assert_num_queries(1):
            client.get("/api/users/me/")
        assert Session.objects.get().last_seen_at == NOON + timedelta(minutes=1)


def test_asking_about_a_token_is_not_using_it(customer: Any) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        pair = sign_in(customer)
        clock.shift(600)
        assert APIClient().post("/api/auth/token/verify/", {"token": pair["access"]}).status_code == 200
        assert Session.objects.get().last_seen_at == NOON


# --- who hears of it -------------------------------------------------------------------------------------------------


def test_the_person_and_admins_see_how_sessions_ended_and_nobody_else_and_no_secret(
    api_as: Api, committing: Any, customer: Any, stranger: Any, agent: Any, admin: Any
) -> None:
    client = {user: api_as(user) for user in (customer, stranger, agent, admin)}
    start = {user: client[user].get("/api/events/").json()["next"] for user in client}
    with committing():
        one, two = sign_in(customer), sign_in(customer)
        sign_out(one["refresh"])
        bearer(two).post("/api/auth/logout-all/")
    client[customer] = api_as(User.objects.get(pk=customer.pk))

    seen = {user: client[user].get("/api/events/", {"after": start[user]}) for user in client}

    for other in (stranger, agent):
        assert seen[other].json()["results"] == []
    own = [event["type"] for event in seen[customer].json()["results"]]
    assert own == ["signed_in", "signed_in", "session_ended", "sessions_ended"]
    assert [event["type"] for event in seen[admin].json()["results"]] == own
    stored = str(list(EventRecord.objects.values("body", "data", "changes")))
    refresh_ids = [str(tokens.read_refresh(pair["refresh"]).refresh_id) for pair in (one, two)]
    for secret in (*one.values(), *two.values(), *refresh_ids):
        assert secret not in stored
