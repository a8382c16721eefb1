"""Admins invite people, change them, and send an invitation again; nobody else does."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from helpdesk.accounts.models import User
from helpdesk.events.models import EventRecord
from tests.mailbox import mails, token_in
from tests.people import AdminFactory, UserFactory, access_token

Api = Callable[[Any], Any]

GOOD = "a-long-enough-passphrase"
ANA = {"username": "ana", "email": "ana@example.org"}


def told() -> list[tuple[str, int | None]]:
    return list(EventRecord.objects.order_by("id").values_list("type", "actor_id"))


# --- inviting --------------------------------------------------------------------------------------------------------


def test_who_is_invited_chooses_a_password_by_the_mails_link(api_as: Api, admin: Any, committing: Any) -> None:
    client = api_as(admin)
    with committing():
        response = client.post("/api/users/", ANA | {"name": "Ana", "role": "agent", "language": "es"})

    user = User.objects.get(username="ana")
    assert response.status_code == 201
    assert response.json() == client.get(f"/api/users/{user.pk}/").json()
    expected = {"role": "agent", "language": "es", "name": "Ana", "email": "ana@example.org", "email_verified": False}
    assert {field: response.json()[field] for field in expected} == expected
    assert told() == [("user_created", admin.pk), ("user_invited", admin.pk)]
    assert not user.has_usable_password()
    (mail,) = mails()
    assert (mail.to, mail.subject) == (["ana@example.org"], "Te invitaron a la mesa de ayuda")
    assert f"{admin.username} te invitó a la mesa de ayuda. Tu nombre de usuario es ana." in mail.body

    body = {"token": token_in(mail), "new_password": GOOD}
    assert APIClient().post("/api/auth/password/reset/confirm/", body).status_code == 204

    assert APIClient().post("/api/auth/token/", {"username": "ana", "password": GOOD}).status_code == 200
    assert User.objects.get(username="ana").email_verified


def test_a_customer_who_reads_english_is_what_is_invited_unless_it_is_said(api_as: Api, admin: Any) -> None:
    body = api_as(admin).post("/api/users/", ANA).json()
    assert (body["role"], body["language"], body["name"], body["is_active"]) == ("customer", "en", "", True)


@pytest.mark.parametrize("password", ["", "!", "None", GOOD])
def test_nobody_signs_in_before_the_link_was_followed(api_as: Api, admin: Any, password: str) -> None:
    api_as(admin).post("/api/users/", ANA | {"password": GOOD, "is_active": True, "email_verified": True})
    assert APIClient().post("/api/auth/token/", {"username": "ana", "password": password}).status_code in {400, 401}
    assert not User.objects.get(username="ana").email_verified


@pytest.mark.parametrize(
    ("fields", "at_fault", "code"),
    [
        ({"username": "TAKEN"}, "username", "taken"),
        ({"email": "Taken@Example.com"}, "email", "taken"),
        ({"username": "a@b"}, "username", "invalid"),
        ({"email": "nonsense"}, "email", "invalid"),
        ({"email": ""}, "email", "blank"),
        ({"role": "emperor"}, "role", "invalid_choice"),
        ({"language": "fr"}, "language", "invalid_choice"),
        ({"name": "x" * 151}, "name", "max_length"),
    ],
)
def test_what_cannot_be_invited_is_400(
    api_as: Api, admin: Any, fields: dict[str, Any], at_fault: str, code: str
) -> None:
    UserFactory(username="taken", email="taken@example.com")
    response = api_as(admin).post("/api/users/", ANA | fields)
    assert response.status_code == 400
    assert [(error["field"], error["code"]) for error in response.json()["errors"]] == [(at_fault, code)]
    assert (User.objects.count(), told()) == (2, [])


def test_an_invitation_is_sent_again_with_another_link(api_as: Api, admin: Any, committing: Any) -> None:
    client = api_as(admin)
    with committing():
        person = client.post("/api/users/", ANA).json()["id"]
        response = client.post(f"/api/users/{person}/invite/")
    assert (response.status_code, response.json()) == (202, {"detail": "The mail is on its way."})
    first, second = mails()
    assert token_in(first) != token_in(second)


@pytest.mark.parametrize("fields", [{}, {"password": None, "is_active": False}, {"password": None, "email": ""}])
def test_who_cannot_be_invited_is_409(api_as: Api, admin: Any, fields: dict[str, Any]) -> None:
    user = UserFactory(**fields)
    response = api_as(admin).post(f"/api/users/{user.pk}/invite/")
    assert (response.status_code, response.json()["code"]) == (409, "not_invitable")
    assert told() == []


def test_who_got_a_password_meanwhile_is_not_mailed(api_as: Api, admin: Any, committing: Any) -> None:
    with committing():
        person = api_as(admin).post("/api/users/", ANA).json()["id"]
    User.objects.filter(pk=person).update(password="md5$x$y")
    assert mails() == []


# --- changing --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [{"role": "agent"}, {"is_active": False}, {"name": "Ana"}, {"name": ""}, {"role": "admin", "name": "A"}, {}],
)
def test_an_admin_changes_a_person(api_as: Api, admin: Any, customer: Any, change: dict[str, Any]) -> None:
    client = api_as(admin)
    before = client.get(f"/api/users/{customer.pk}/").json()

    response = client.patch(f"/api/users/{customer.pk}/", change)

    assert response.status_code == 200
    assert response.json() == before | change == client.get(f"/api/users/{customer.pk}/").json()
    assert told() == ([("user_updated", admin.pk)] if change else [])


def test_another_address_has_to_be_verified_anew(api_as: Api, admin: Any, committing: Any) -> None:
    user = UserFactory(email="old@example.org", email_verified=True)
    with committing():
        body = api_as(admin).patch(f"/api/users/{user.pk}/", {"email": "new@example.org"}).json()
    assert (body["email"], body["email_verified"]) == ("new@example.org", False)
    assert told() == [("user_updated", admin.pk), ("email_verification_requested", admin.pk)]
    assert sorted((mail.to[0], mail.subject) for mail in mails()) == [
        ("new@example.org", "Verify your e-mail address"),
        ("old@example.org", "Your e-mail address was changed"),
    ]


def test_all_else_is_ignored_and_never_stored(api_as: Api, admin: Any, customer: Any) -> None:
    before = User.objects.filter(pk=customer.pk).values().get()
    more = {
        "username": "root",
        "password": "x",
        "email_verified": True,
        "is_superuser": True,
        "language": "es",
        "id": 1,
    }
    assert api_as(admin).patch(f"/api/users/{customer.pk}/", more).status_code == 200
    assert User.objects.filter(pk=customer.pk).values().get() == before


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("role", "emperor"),
        ("role", None),
        ("is_active", "false"),
        ("is_active", 0),
        ("is_active", None),
        ("name", 7),
        ("email", ""),
        ("email", None),
        ("email", "nonsense"),
        ("email", "TAKEN@example.com"),
    ],
)
def test_a_bad_value_is_400_and_nothing_is_stored(
    api_as: Api, admin: Any, customer: Any, field: str, value: Any
) -> None:
    UserFactory(email="taken@example.com")
    before = list(User.objects.order_by("id").values())
    response = api_as(admin).patch(f"/api/users/{customer.pk}/", {"name": "New"} | {field: value})
    assert response.status_code == 400
    assert [error["field"] for error in response.json()["errors"]] == [field]
    assert (list(User.objects.order_by("id").values()), told()) == (before, [])


def test_an_admin_keeps_the_own_role_and_the_last_one_too(api_as: Api, admin: Any) -> None:
    other = AdminFactory()
    client = api_as(admin)
    for change in ({"role": "agent"}, {"is_active": False}):
        response = client.patch(f"/api/users/{admin.pk}/", change)
        assert (response.status_code, response.json()["code"]) == (409, "own_account")
    assert client.patch(f"/api/users/{other.pk}/", {"role": "agent"}).status_code == 200
    assert told() == [("user_updated", admin.pk)]


def test_a_change_of_role_and_activity_bites_at_the_next_request(api_as: Api, admin: Any, agent: Any) -> None:
    theirs = APIClient(HTTP_AUTHORIZATION=f"Bearer {access_token(agent)}")
    client = api_as(admin)
    assert theirs.get("/api/users/").status_code == 200
    client.patch(f"/api/users/{agent.pk}/", {"role": "customer"})
    assert theirs.get("/api/users/").status_code in {401, 403}
    client.patch(f"/api/users/{agent.pk}/", {"is_active": False})
    assert theirs.get("/api/users/me/").status_code == 401


@pytest.mark.parametrize("role", ["customer", "agent"])
def test_nobody_else_writes_people_whoever_they_are(
    api_as: Api, request: pytest.FixtureRequest, stranger: Any, role: str
) -> None:
    user = request.getfixturevalue(role)
    client = api_as(user)
    before = list(User.objects.order_by("id").values())
    for person in (user, stranger):
        for change in ({"role": "admin"}, {"is_active": True}, {"name": "x"}, {"email": "x@example.org"}, {}):
            assert client.patch(f"/api/users/{person.pk}/", change).status_code == 403
        assert client.post(f"/api/users/{person.pk}/invite/").status_code == 403
    assert client.post("/api/users/", ANA).status_code == 403
    assert (list(User.objects.order_by("id").values()), told()) == (before, [])


def test_a_missing_person_is_404(api_as: Api, admin: Any, agent: Any) -> None:
    for user in (admin, agent):
        for odd in ("9000000000", "0", "abc", "-1"):
            assert api_as(user).patch(f"/api/users/{odd}/", {}).status_code == 404
            assert api_as(user).post(f"/api/users/{odd}/invite/").status_code == 404


def test_a_write_takes_no_more_statements_among_many_people(api_as: Api, admin: Any, customer: Any) -> None:
    client = api_as(admin)
    taken = []
    for name in ("one", "two"):
        with CaptureQueriesContext(connection) as statements:
            assert client.patch(f"/api/users/{customer.pk}/", {"name": name}).status_code == 200
            assert client.post("/api/users/", {"username": name, "email": f"{name}@example.org"}).status_code == 201
        taken.append(len(statements))
        UserFactory.create_batch(20)
    assert taken[0] == taken[1] <= 26
