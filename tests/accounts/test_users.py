"""`/api/users/me/` for everybody, `/api/users/` for staff."""

from collections.abc import Callable
from typing import Any

import pytest

from helpdesk.accounts.models import User
from tests.people import AgentFactory, UserFactory

Api = Callable[[Any], Any]

EVERYTHING = {
    "id",
    "username",
    "email",
    "email_verified",
    "name",
    "role",
    "language",
    "phone",
    "timezone",
    "is_active",
    "date_joined",
}
FOR_AGENTS = {"id", "username", "name", "role", "is_active"}


# --- me --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["customer", "agent", "admin"])
def test_everybody_sees_themselves_whole(api_as: Api, request: pytest.FixtureRequest, role: str) -> None:
    user = request.getfixturevalue(role)
    body = api_as(user).get("/api/users/me/").json()
    assert body == {
        "id": user.pk,
        "username": user.username,
        "email": user.email,
        "email_verified": False,
        "name": user.name,
        "role": role,
        "language": "en",
        "phone": "",
        "timezone": "UTC",
        "is_active": True,
        "date_joined": body["date_joined"],
    }
    assert body["date_joined"].endswith("Z")


@pytest.mark.parametrize("role", ["customer", "agent", "admin"])
@pytest.mark.parametrize(
    "change",
    [
        {"name": "Ada Lovelace"},
        {"name": ""},
        {"language": "es"},
        {"phone": "+51 (1) 234-5678"},
        {"phone": ""},
        {"timezone": "America/Lima"},
        {"name": "A", "language": "es", "phone": "1", "timezone": "Europe/Madrid"},
        {},
    ],
)
def test_four_fields_are_ones_own_to_write(
    api_as: Api, request: pytest.FixtureRequest, role: str, change: dict[str, str]
) -> None:
    client = api_as(request.getfixturevalue(role))
    before = client.get("/api/users/me/").json()

    response = client.patch("/api/users/me/", change)

    assert response.status_code == 200
    assert response.json() == before | change
    assert client.get("/api/users/me/").json() == before | change


def test_all_else_is_ignored_and_never_stored(api_as: Api, customer: Any) -> None:
    before = User.objects.filter(pk=customer.pk).values().get()
    response = api_as(customer).patch(
        "/api/users/me/",
        {
            "id": 7_000,
            "username": "root",
            "email": "root@example.org",
            "email_verified": True,
            "role": "admin",
            "is_active": False,
            "is_staff": True,
            "is_superuser": True,
            "password": "x",
            "date_joined": "1999-01-01T00:00:00Z",
            "colour": "red",
        },
    )
    assert response.status_code == 200
    assert User.objects.filter(pk=customer.pk).values().get() == before


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", None),
        ("name", 7),
        ("name", "x" * 151),
        ("language", "fr"),
        ("language", ""),
        ("language", None),
        ("language", ["es"]),
        ("phone", "call me"),
        ("phone", "1" * 33),
        ("phone", "1\n"),
        ("timezone", "Mars/Olympus"),
        ("timezone", "../../etc/passwd"),
        ("timezone", ""),
        ("timezone", "UTC\n"),
    ],
)
def test_a_bad_value_is_400_and_nothing_is_stored(api_as: Api, customer: Any, field: str, value: Any) -> None:
    before = User.objects.filter(pk=customer.pk).values().get()
    response = api_as(customer).patch("/api/users/me/", {"name": "New"} | {field: value})
    assert response.status_code == 400
    assert [error["field"] for error in response.json()["errors"]] == [field]
    assert User.objects.filter(pk=customer.pk).values().get() == before


# --- others ----------------------------------------------------------------------------------------------------------


def test_agents_see_who_people_are_and_admins_everything(api_as: Api, customer: Any, agent: Any, admin: Any) -> None:
    for user, fields in ((agent, FOR_AGENTS), (admin, EVERYTHING)):
        client = api_as(user)
        page = client.get("/api/users/").json()
        assert page["count"] == 3
        assert {frozenset(person) for person in page["results"]} == {frozenset(fields)}
        assert [person["id"] for person in page["results"]] == [customer.pk, agent.pk, admin.pk]
        assert client.get(f"/api/users/{customer.pk}/").json() == page["results"][0]


def test_inactive_people_are_listed_as_what_they_are(api_as: Api, agent: Any) -> None:
    gone = UserFactory(is_active=False)
    person = api_as(agent).get(f"/api/users/{gone.pk}/").json()
    assert (person["id"], person["is_active"]) == (gone.pk, False)


@pytest.mark.parametrize("path", ["", "me-too/", "1/", "0/", "-1/", "abc/", "9000000000/", "1" + "0" * 30 + "/"])
def test_a_customer_is_403_for_every_id_there_is_or_is_not(api_as: Api, customer: Any, path: str) -> None:
    response = api_as(customer).get(f"/api/users/{path}")
    assert (response.status_code, response.json()["code"]) == (403, "permission_denied")


def test_a_customer_is_403_for_themselves_and_others_alike(api_as: Api, customer: Any, stranger: Any) -> None:
    client = api_as(customer)
    answers = [client.get(f"/api/users/{pk}/") for pk in (customer.pk, stranger.pk, 9_000_000_000)]
    assert len({(a.status_code, a.content.replace(a.json()["request_id"].encode(), b"")) for a in answers}) == 1
    assert client.get("/api/users/?search=x&role=melted&page=0").status_code == 403


def test_a_missing_person_is_404_for_staff(api_as: Api, agent: Any, admin: Any) -> None:
    for user in (agent, admin):
        for odd in ("9000000000", "0", "abc", "-1", "1" + "0" * 30):
            assert api_as(user).get(f"/api/users/{odd}/").status_code == 404


def test_people_are_filtered_by_role(api_as: Api, customer: Any, agent: Any, admin: Any) -> None:
    client = api_as(agent)
    for user, role in ((customer, "customer"), (agent, "agent"), (admin, "admin")):
        assert [p["id"] for p in client.get(f"/api/users/?role={role}").json()["results"]] == [user.pk]
    for bad in ("melted", "Agent", "agent,admin"):
        response = client.get("/api/users/", {"role": bad})
        assert response.status_code == 400
        assert [error["field"] for error in response.json()["errors"]] == ["role"]


def test_people_are_found_by_a_part_of_their_names(api_as: Api, agent: Any) -> None:
    ada = UserFactory(username="countess", name="Ada Lovelace")
    UserFactory(username="grace", name="Grace Hopper")
    client = api_as(agent)
    for words in ("countess", "COUNT", "ada", "love", "Ada Love"):
        assert [p["id"] for p in client.get("/api/users/", {"search": words}).json()["results"]] == [ada.pk], words
    for wild in ("%", "gr_ce", "\\", "ada%lovelace"):
        assert client.get("/api/users/", {"search": wild}).json()["results"] == [], wild


def test_only_admins_find_people_by_address(api_as: Api, agent: Any, admin: Any) -> None:
    """Or an agent could read an address letter by letter."""
    ada = UserFactory(username="ada", name="Ada", email="secret@hidden.example")
    for part in ("secret", "hidden.example", "secret@hidden.example"):
        assert api_as(agent).get("/api/users/", {"search": part}).json()["results"] == []
        found = api_as(admin).get("/api/users/", {"search": part}).json()["results"]
        assert [person["id"] for person in found] == [ada.pk]


def test_people_come_in_pages(api_as: Api, agent: Any) -> None:
    AgentFactory.create_batch(24)
    client = api_as(agent)
    first = client.get("/api/users/").json()
    second = client.get(first["next"]).json()
    assert (first["count"], len(first["results"]), len(second["results"]), second["next"]) == (25, 20, 5, None)
    assert client.get("/api/users/?page=3").status_code == 404
    assert client.get("/api/users/?page_size=0").status_code == 400


def test_people_are_filtered_by_activity(api_as: Api, agent: Any) -> None:
    gone = UserFactory(is_active=False)
    client = api_as(agent)
    for value, found in (("true", [agent.pk]), ("false", [gone.pk])):
        page = client.get("/api/users/", {"is_active": value}).json()
        assert [person["id"] for person in page["results"]] == found
    for bad in ("yes", "1", "True", "null"):
        response = client.get("/api/users/", {"is_active": bad})
        assert response.status_code == 400
        assert [error["field"] for error in response.json()["errors"]] == ["is_active"]


def test_nobody_is_replaced_or_deleted_here(api_as: Api, customer: Any, admin: Any) -> None:
    client = api_as(admin)
    for method in (client.put, client.delete):
        assert method(f"/api/users/{customer.pk}/").status_code == 405
    for method in (client.put, client.post, client.delete):
        assert method("/api/users/me/").status_code == 405
