"""What is done to people's accounts: told, guarded, and undone as a whole where it is refused."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from helpdesk.accounts import tokens
from helpdesk.accounts.events import UsersLoaded
from helpdesk.accounts.models import Session, User
from helpdesk.accounts.operations.users import (
    LastAdmin,
    NameTaken,
    OwnAccount,
    UserNotFound,
    WeakPassword,
    bulk_load,
    create_user,
    set_password,
    update_profile,
    update_user,
)
from helpdesk.core.errors import DomainError
from helpdesk.events.models import EventRecord
from helpdesk.events.operations import publish
from tests.people import NOON, AdminFactory, UserFactory

Api = Callable[[Any], Any]

GOOD = "a-long-enough-passphrase"


def told() -> list[tuple[str, int, dict[str, Any]]]:
    return list(EventRecord.objects.order_by("id").values_list("type", "subject_id", "changes"))


# --- what is told ----------------------------------------------------------------------------------------------------


def test_a_new_person_is_told_of_and_can_sign_in(admin: Any) -> None:
    user = create_user(
        by=admin, username="ana", email="ana@example.com", name="Ana", role="agent", password=GOOD, now=NOON
    )

    assert User.objects.get(username="ana").check_password(GOOD)
    record = EventRecord.objects.get()
    assert (record.type, record.subject_type, record.subject_id) == ("user_created", "user", user.pk)
    assert (record.actor_id, record.staff_only, record.audience, record.pushed_to_agents) == (
        admin.pk,
        False,
        [],
        False,
    )
    assert record.body["user"] == {"id": user.pk, "username": "ana", "name": "Ana", "role": "agent"}
    assert GOOD not in str([record.body, record.data, record.changes])


def test_a_change_is_told_field_by_field(admin: Any, customer: Any) -> None:
    changes = {"name": "Ana María", "role": "agent", "language": "en", "is_active": True}
    update_user(by=admin, user_id=customer.pk, changes=changes, now=NOON)

    expected = {"name": {"from": customer.name, "to": "Ana María"}, "role": {"from": "customer", "to": "agent"}}
    assert told() == [("user_updated", customer.pk, expected)]


@pytest.mark.parametrize("changes", [{}, {"name": "Same"}, {"role": "customer", "is_active": True}])
def test_what_changes_nothing_is_not_told(admin: Any, changes: dict[str, Any]) -> None:
    user = UserFactory(name="Same")
    update_user(by=admin, user_id=user.pk, changes=changes, now=NOON)
    update_profile(by=user, changes={key: value for key, value in changes.items() if key == "name"}, now=NOON)

    assert told() == []


def test_who_changes_the_own_profile_is_told_of_too(api_as: Api, customer: Any) -> None:
    assert api_as(customer).patch("/api/users/me/", {"name": "Ana", "language": "es"}).status_code == 200

    expected = {"name": {"from": customer.name, "to": "Ana"}, "language": {"from": "en", "to": "es"}}
    assert told() == [("user_updated", customer.pk, expected)]


def test_a_profile_that_is_written_by_two_at_once_keeps_both_fields(customer: Any) -> None:
    stale = User.objects.get(pk=customer.pk)
    update_profile(by=customer, changes={"phone": "1"}, now=NOON)
    update_profile(by=stale, changes={"name": "Ana"}, now=NOON)

    assert User.objects.values_list("phone", "name").get(pk=customer.pk) == ("1", "Ana")


def test_a_password_is_told_to_have_changed_and_never_said(admin: Any, customer: Any) -> None:
    set_password(by=admin, user_id=customer.pk, password=GOOD, now=NOON)

    assert told() == [("user_updated", customer.pk, {"password": {"from": None, "to": None}})]
    record = EventRecord.objects.get()
    hashed = User.objects.get(pk=customer.pk).password
    assert not [secret for secret in (GOOD, hashed) if secret in str([record.body, record.data, record.changes])]


def test_another_address_is_not_verified_and_a_mail_asks_for_it(admin: Any) -> None:
    user = UserFactory(email="old@example.com", email_verified=True)
    update_user(by=admin, user_id=user.pk, changes={"email": "new@example.com"}, now=NOON)
    update_user(by=admin, user_id=user.pk, changes={"email": "new@example.com", "name": "New"}, now=NOON)

    assert [kind for kind, *_ in told()] == ["user_updated", "email_verification_requested", "user_updated"]
    assert User.objects.values_list("email", "email_verified").get(pk=user.pk) == ("new@example.com", False)


# --- who sees it -----------------------------------------------------------------------------------------------------


def test_only_oneself_and_who_manages_people_see_what_happened_to_an_account(
    api_as: Api, committing: Any, customer: Any, stranger: Any, agent: Any, admin: Any
) -> None:
    client = {user: api_as(user) for user in (customer, stranger, agent, admin)}
    start = {user: client[user].get("/api/events/").json()["next"] for user in client}
    with committing():
        update_user(by=admin, user_id=customer.pk, changes={"email": "secret@hidden.example"}, now=NOON)
        update_user(by=admin, user_id=admin.pk, changes={"name": "New"}, now=NOON)
        publish(UsersLoaded(users=3), by=admin, now=NOON)

    for other in (stranger, agent):
        page = client[other].get("/api/events/", {"after": start[other]})
        assert page.json()["results"] == []
        assert b"hidden.example" not in page.content
    own = client[customer].get("/api/events/", {"after": start[customer]}).json()["results"]
    assert [event["type"] for event in own] == ["user_updated", "email_verification_requested"]
    seen = client[admin].get("/api/events/", {"after": start[admin]}).json()["results"]
    asked = "email_verification_requested"
    assert [event["type"] for event in seen] == ["user_updated", asked, "user_updated", "users_loaded"]
    assert own == seen[:2]
    assert seen[0]["changes"]["email"]["to"] == "secret@hidden.example"


def test_who_no_longer_manages_people_no_longer_sees_it(api_as: Api, committing: Any, admin: Any, agent: Any) -> None:
    client = api_as(admin)
    start = client.get("/api/events/").json()["next"]
    with committing():
        update_user(by=admin, user_id=agent.pk, changes={"name": "New"}, now=NOON)
    User.objects.filter(pk=admin.pk).update(role="agent")

    assert client.get("/api/events/", {"after": start}).json()["results"] == []


# --- sessions --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("means", ["password", "changepassword", "deactivation"])
def test_signs_out_everywhere(api_as: Api, browser_as: Any, admin: Any, means: str) -> None:
    other = AdminFactory()
    client, browser = api_as(other), browser_as(other)
    refresh_token = tokens.issue(Session.objects.create(user=other))["refresh"]
    if means == "password":
        set_password(by=admin, user_id=other.pk, password=GOOD, now=NOON)
    elif means == "changepassword":
        # What Django's command does with what was typed.
        person = User.objects.get(pk=other.pk)
        person.set_password(GOOD)
        person.save()
    else:
        update_user(by=admin, user_id=other.pk, changes={"is_active": False}, now=NOON)
        # Coming back does not bring the old sessions back.
        update_user(by=admin, user_id=other.pk, changes={"is_active": True}, now=NOON)

    assert client.get("/api/users/me/").status_code == 401
    assert api_as(None).post("/api/auth/token/refresh/", {"refresh": refresh_token}).status_code == 401
    assert browser.get("/admin/").status_code == 302
    assert Session.objects.filter(user=other, ended_at=None).count() == 0


def test_nobody_else_is_signed_out(api_as: Api, browser_as: Any, admin: Any, customer: Any) -> None:
    client, browser = api_as(admin), browser_as(admin)
    set_password(by=admin, user_id=customer.pk, password=GOOD, now=NOON)

    assert client.get("/api/users/me/").status_code == 200
    assert browser.get("/admin/").status_code == 200


# --- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("changes", [{"role": "agent"}, {"role": "customer"}, {"is_active": False}])
def test_nobody_takes_away_the_own_role(admin: Any, changes: dict[str, Any]) -> None:
    AdminFactory()
    with pytest.raises(OwnAccount):
        update_user(by=admin, user_id=admin.pk, changes=changes | {"name": "New"}, now=NOON)

    assert User.objects.values_list("role", "is_active", "name").get(pk=admin.pk) == ("admin", True, admin.name)
    assert told() == []


@pytest.mark.parametrize("changes", [{"role": "agent"}, {"is_active": False}])
def test_the_last_admin_stays_one(admin: Any, changes: dict[str, Any]) -> None:
    """Whoever asks: a command, say, on nobody's behalf."""
    AdminFactory(is_active=False)
    by = UserFactory(username="script")
    with pytest.raises(LastAdmin):
        update_user(by=by, user_id=admin.pk, changes=changes, now=NOON)

    AdminFactory()
    update_user(by=by, user_id=admin.pk, changes=changes, now=NOON)
    assert User.objects.who_may("manage_users").count() == 1


def test_an_admin_may_rename_themselves(admin: Any) -> None:
    update_user(by=admin, user_id=admin.pk, changes={"name": "New", "role": "admin", "is_active": True}, now=NOON)
    assert User.objects.get(pk=admin.pk).name == "New"


def test_a_superuser_who_becomes_an_agent_is_no_superuser(admin: Any) -> None:
    root = User.objects.create_superuser("root", "root@example.com", "x")
    update_user(by=admin, user_id=root.pk, changes={"role": "agent"}, now=NOON)

    assert User.objects.values_list("role", "is_superuser", "is_staff").get(pk=root.pk) == ("agent", False, False)
    assert told() == [
        ("user_created", root.pk, {}),
        ("user_updated", root.pk, {"role": {"from": "admin", "to": "agent"}}),
    ]


@pytest.mark.parametrize("name", ["Taken", "TAKEN", "taken"])
def test_a_name_belongs_to_one_person_in_any_case(admin: Any, name: str) -> None:
    UserFactory(username="taken", email="taken@example.com")
    with pytest.raises(NameTaken) as by_name:
        create_user(by=admin, username=name, password=GOOD, now=NOON)
    with pytest.raises(NameTaken) as by_address:
        create_user(by=admin, username="free", email=f"{name}@example.com", password=GOOD, now=NOON)
    other = UserFactory()
    with pytest.raises(NameTaken):
        update_user(by=admin, user_id=other.pk, changes={"email": f"{name}@example.com"}, now=NOON)

    assert [error.value.errors[0].field for error in (by_name, by_address)] == ["username", "email"]
    assert told() == []


@pytest.mark.parametrize("password", ["short", "12345678", "password", "alexandra"])
def test_a_weak_password_is_refused(admin: Any, password: str) -> None:
    user = UserFactory(username="alexandra")
    before = user.password
    with pytest.raises(WeakPassword) as refusal:
        set_password(by=admin, user_id=user.pk, password=password, now=NOON)

    assert {error.code for error in refusal.value.errors} == {"weak_password"}
    assert User.objects.get(pk=user.pk).password == before
    assert told() == []


def test_who_is_not_there_is_not_found(admin: Any) -> None:
    for change in ({"name": "x"}, {"role": "agent"}):
        with pytest.raises(UserNotFound):
            update_user(by=admin, user_id=9_000_000_000, changes=change, now=NOON)
    with pytest.raises(UserNotFound):
        set_password(by=admin, user_id=9_000_000_000, password=GOOD, now=NOON)


@pytest.mark.parametrize("changes", [{"role": "agent"}, {"is_active": False}], ids=["role", "deactivation"])
def test_two_admins_who_depose_each_other_leave_one(transactional_db: None, changes: dict[str, Any]) -> None:
    for _ in range(10):
        User.objects.all().delete()
        pair = AdminFactory.create_batch(2)
        gate = Barrier(2)

        def depose(by: User, other: User, gate: Barrier = gate) -> str:
            try:
                gate.wait(10)
                update_user(by=by, user_id=other.pk, changes=dict(changes), now=NOON)
            except DomainError as refusal:
                return refusal.code
            finally:
                connection.close()
            return "done"

        with ThreadPoolExecutor(2) as pool:
            outcomes = sorted(pool.map(depose, pair, reversed(pair)))

        assert outcomes == ["done", "last_admin"]
        assert User.objects.who_may("manage_users").count() == 1


def test_the_planner_knows_at_once_how_many_people_were_loaded(db: None) -> None:
    bulk_load(UserFactory.build_batch(300), password="…", now=NOON)

    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples::int FROM pg_class WHERE relname = 'accounts_user'")
        assert cursor.fetchone() == (User.objects.count(),)
