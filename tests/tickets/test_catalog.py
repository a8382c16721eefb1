"""Categories, tags and teams: read by whoever works with them, written by admins."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from helpdesk.events.models import EventRecord
from helpdesk.tickets.models import Category, Membership, Tag, Team
from helpdesk.tickets.operations.tickets import delete_ticket, update_ticket
from tests.factories import category_of, tag_of, team_of, ticket_of
from tests.people import NOON, AgentFactory

Api = Callable[[Any], Any]

UNKNOWN = 9_000_000_000


def refused(response: Any) -> list[tuple[str, str]]:
    assert response.status_code == 400, response.content
    return [(error["field"], error["code"]) for error in response.json()["errors"]]


def told() -> list[tuple[str, str, int]]:
    return list(EventRecord.objects.order_by("id").values_list("type", "subject_type", "subject_id"))


# --- writing and reading ----------------------------------------------------------------------------------


def test_an_admin_makes_categories_of_two_levels(api_as: Api, admin: Any, customer: Any) -> None:
    team, client = team_of(), api_as(admin)

    above = client.post("/api/categories/", {"name": " Hardware \n"}).json()
    fields = {"name": "Printers", "parent": above["id"], "team": team.pk, "priority": "high"}
    response = client.post("/api/categories/", fields)

    assert above == {"id": above["id"], "name": "Hardware", "parent": None, "team": None, "priority": None}
    assert (response.status_code, response.json()) == (201, fields | {"id": response.json()["id"]})
    page = api_as(customer).get("/api/categories/").json()
    assert page["results"] == [above, response.json()]
    assert api_as(customer).get(f"/api/categories/{above['id']}/").json() == above
    assert api_as(customer).get(f"/api/categories/?parent={above['id']}").json()["results"] == [response.json()]
    assert api_as(customer).get("/api/categories/?search=PRINT").json()["count"] == 1


def test_an_admin_makes_tags(api_as: Api, admin: Any, customer: Any) -> None:
    client = api_as(admin)

    plain = client.post("/api/tags/", {"name": "printer"}).json()
    green = client.post("/api/tags/", {"name": "fire", "color": "#1F883D"}).json()

    assert plain == {"id": plain["id"], "name": "printer", "color": "#6e7781"}
    assert green == {"id": green["id"], "name": "fire", "color": "#1f883d"}
    assert api_as(customer).get("/api/tags/").json()["results"] == [green, plain]


def test_an_admin_makes_teams(api_as: Api, admin: Any, agent: Any) -> None:
    other = AgentFactory()

    response = api_as(admin).post("/api/teams/", {"name": "Field service", "members": [other.pk, agent.pk, agent.pk]})

    body = response.json()
    members = [person.as_dict() for person in (agent, other)]
    assert response.status_code == 201
    assert body == {"id": body["id"], "name": "Field service", "members": members, "assignment": "manual"}
    assert api_as(agent).get("/api/teams/").json()["results"] == [body]
    assert api_as(agent).get(f"/api/teams/{body['id']}/").json() == body


@pytest.mark.parametrize("rows", ["categories", "tags", "teams"])
def test_only_admins_write(api_as: Api, customer: Any, agent: Any, rows: str) -> None:
    row = {"categories": category_of, "tags": tag_of, "teams": team_of}[rows]()

    for user in (customer, agent):
        client = api_as(user)
        assert client.post(f"/api/{rows}/", {"name": "x"}).status_code == 403
        assert client.patch(f"/api/{rows}/{row.pk}/", {"name": "x"}).status_code == 403
        assert client.delete(f"/api/{rows}/{row.pk}/").status_code == 403
    assert (Category.objects.count(), Tag.objects.count(), Team.objects.count()).count(1) == 1


def test_teams_are_closed_to_customers(api_as: Api, customer: Any) -> None:
    team = team_of()

    for path in ("/api/teams/", f"/api/teams/{team.pk}/", f"/api/teams/{UNKNOWN}/"):
        assert api_as(customer).get(path).status_code == 403


def test_a_member_who_is_no_agent_any_more_is_not_shown(api_as: Api, admin: Any, agent: Any) -> None:
    left, gone = AgentFactory(), AgentFactory()
    team = team_of(agent, left, gone)

    api_as(admin).patch(f"/api/users/{left.pk}/", {"is_active": False})
    api_as(admin).patch(f"/api/users/{gone.pk}/", {"role": "customer"})

    shown = api_as(admin).get(f"/api/teams/{team.pk}/").json()["members"]
    assert [person["id"] for person in shown] == [agent.pk]


def test_members_are_replaced_and_those_who_stay_keep_their_turn(api_as: Api, admin: Any, agent: Any) -> None:
    left, new = AgentFactory(), AgentFactory()
    team = team_of(agent, left)
    Membership.objects.filter(user=agent).update(last_assigned_at=NOON)

    body = api_as(admin).patch(f"/api/teams/{team.pk}/", {"members": [new.pk, agent.pk]}).json()

    assert [person["id"] for person in body["members"]] == [agent.pk, new.pk]
    turns = Membership.objects.order_by("user").values_list("user", "last_assigned_at")
    assert list(turns) == [(agent.pk, NOON), (new.pk, None)]
    record = EventRecord.objects.latest("id")
    assert record.type == "team_updated"
    before, after = [[person.as_dict() for person in who] for who in ((agent, left), (agent, new))]
    assert record.changes == {"members": {"from": before, "to": after}}


def test_what_stays_the_same_is_not_told(api_as: Api, admin: Any, agent: Any) -> None:
    team, client = team_of(agent), api_as(admin)
    category, tag = category_of(team=team, priority="low"), tag_of()
    before = told()

    for path, fields in {
        f"/api/categories/{category.pk}/": {"name": "Hardware ", "team": team.pk, "parent": None, "priority": "low"},
        f"/api/tags/{tag.pk}/": {"name": "printer", "color": "#6E7781"},
        f"/api/teams/{team.pk}/": {"members": [agent.pk], "assignment": "manual"},
    }.items():
        assert client.patch(path, fields).status_code == client.patch(path, {}).status_code == 200

    assert told() == before


# --- names ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", ["categories", "tags", "teams"])
def test_a_name_is_taken_in_any_case(api_as: Api, admin: Any, rows: str) -> None:
    client = api_as(admin)
    for name in ("Café  printer", "Fire"):
        client.post(f"/api/{rows}/", {"name": name})
    decomposed = " CAFE\u0301 Printer "

    assert refused(client.post(f"/api/{rows}/", {"name": decomposed})) == [("name", "taken")]
    fire = client.get(f"/api/{rows}/?search=fire").json()["results"][0]["id"]
    assert refused(client.patch(f"/api/{rows}/{fire}/", {"name": "café printer"})) == [("name", "taken")]
    # One's own name in other letters is no other's.
    assert client.patch(f"/api/{rows}/{fire}/", {"name": "FIRE"}).json()["name"] == "FIRE"


def test_a_name_may_come_again_below_another_category(api_as: Api, admin: Any) -> None:
    one, two = category_of("One"), category_of("Two")
    category_of("Other", parent=one)
    client = api_as(admin)

    assert client.post("/api/categories/", {"name": "Other", "parent": two.pk}).status_code == 201
    assert client.post("/api/categories/", {"name": "Other"}).status_code == 201
    assert refused(client.post("/api/categories/", {"name": "other", "parent": one.pk})) == [("name", "taken")]


@pytest.mark.parametrize("rows", ["categories", "tags", "teams"])
@pytest.mark.parametrize(
    ("name", "code"),
    [("", "blank"), (" \t ", "blank"), ("x" * 101, "max_length"), (7, "invalid"), (None, "null"), (..., "required")],
)
def test_a_name_is_needed(api_as: Api, admin: Any, rows: str, name: Any, code: str) -> None:
    body = {} if name is ... else {"name": name}

    assert refused(api_as(admin).post(f"/api/{rows}/", body)) == [("name", code)]


@pytest.mark.parametrize("rows", ["categories", "tags", "teams"])
def test_a_hundred_characters_are_enough(api_as: Api, admin: Any, rows: str) -> None:
    assert api_as(admin).post(f"/api/{rows}/", {"name": f"  {'ñ' * 100}  "}).json()["name"] == "ñ" * 100


# --- what is refused --------------------------------------------------------------------------------------


def test_there_is_no_third_level(api_as: Api, admin: Any) -> None:
    above, lone = category_of("Above"), category_of("Lone")
    below = category_of("Below", parent=above)
    client = api_as(admin)

    assert refused(client.post("/api/categories/", {"name": "x", "parent": below.pk})) == [("parent", "invalid")]
    for category, parent in ((above, lone), (lone, below), (above, above), (lone, lone)):
        response = client.patch(f"/api/categories/{category.pk}/", {"parent": parent.pk})
        assert refused(response) == [("parent", "invalid")], (category, parent)
    assert client.patch(f"/api/categories/{below.pk}/", {"parent": lone.pk}).status_code == 200
    assert client.patch(f"/api/categories/{below.pk}/", {"parent": None}).json()["parent"] is None


def test_what_there_is_not_is_refused(api_as: Api, admin: Any, customer: Any) -> None:
    client, category, team = api_as(admin), category_of(), team_of()

    for field in ("parent", "team"):
        wrong = {"name": "x", field: UNKNOWN}
        assert refused(client.post("/api/categories/", wrong)) == [(field, "does_not_exist")]
        assert refused(client.patch(f"/api/categories/{category.pk}/", wrong)) == [(field, "does_not_exist")]
    for members in ([UNKNOWN], [customer.pk], [AgentFactory(is_active=False).pk]):
        wrong = {"name": "x", "members": [admin.pk, *members]}
        assert refused(client.post("/api/teams/", wrong)) == [("members.1", "not_an_agent")]
        assert refused(client.patch(f"/api/teams/{team.pk}/", wrong)) == [("members.1", "not_an_agent")]
    assert not EventRecord.objects.exclude(type__endswith="_created").exists()


@pytest.mark.parametrize("color", ["1f883d0", "#1f883", "#1f883g", "#1f883d\n", "green", "", None, 7])
def test_a_colour_is_six_digits(api_as: Api, admin: Any, color: Any) -> None:
    assert [field for field, _code in refused(api_as(admin).post("/api/tags/", {"name": "x", "color": color}))] != []


def test_a_tag_has_no_comma(api_as: Api, admin: Any) -> None:
    """Or `?tag__in=` could not name it."""
    tag = tag_of()

    assert refused(api_as(admin).post("/api/tags/", {"name": "a,b"})) == [("name", "invalid")]
    assert refused(api_as(admin).patch(f"/api/tags/{tag.pk}/", {"name": "a,b"})) == [("name", "invalid")]


# --- deleting -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("deleted", [False, True])
def test_what_is_in_use_stays(api_as: Api, admin: Any, *, deleted: bool) -> None:
    """Also on deleted tickets, which may come back."""
    category, tag, team = category_of(), tag_of(), team_of()
    ticket = ticket_of(admin, category=category.pk, tags=["printer"], team=team.pk)
    if deleted:
        delete_ticket(by=admin, ticket_id=ticket.pk, now=NOON)
    client = api_as(admin)

    for path in (f"categories/{category.pk}", f"tags/{tag.pk}", f"teams/{team.pk}"):
        response = client.delete(f"/api/{path}/")
        assert (response.status_code, response.json()["code"]) == (409, "in_use")
    assert (Category.objects.count(), Tag.objects.count(), Team.objects.count()) == (1, 1, 1)


def test_what_others_hang_on_stays(api_as: Api, admin: Any) -> None:
    team = team_of()
    above = category_of(team=team)
    category_of("Printers", parent=above)
    client = api_as(admin)

    for path in (f"/api/categories/{above.pk}/", f"/api/teams/{team.pk}/"):
        assert client.delete(path).json()["code"] == "in_use"


def test_what_nobody_uses_goes(api_as: Api, admin: Any, agent: Any) -> None:
    category, tag, team = category_of(), tag_of(), team_of(agent)
    ticket = ticket_of(admin, category=category.pk, tags=["printer"], team=team.pk)
    update_ticket(by=admin, ticket_id=ticket.pk, changes={"category": None, "tags": [], "team": None}, now=NOON)
    client = api_as(admin)

    for path in (f"/api/categories/{category.pk}/", f"/api/tags/{tag.pk}/", f"/api/teams/{team.pk}/"):
        assert client.delete(path).status_code == 204
        assert client.delete(path).status_code == client.get(path).status_code == 404
    assert not Membership.objects.exists()


# --- what is told -------------------------------------------------------------------------------------------


def test_every_change_is_told_to_agents_alone(api_as: Api, customer: Any, agent: Any, admin: Any) -> None:
    client = api_as(admin)
    kinds = {"categories": "category", "tags": "tag", "teams": "team"}
    ids = {kind: client.post(f"/api/{rows}/", {"name": "One"}).json()["id"] for rows, kind in kinds.items()}
    for rows, kind in kinds.items():
        client.patch(f"/api/{rows}/{ids[kind]}/", {"name": "Two"})
        client.delete(f"/api/{rows}/{ids[kind]}/")

    expected = [(f"{kind}_created", kind, ids[kind]) for kind in kinds.values()]
    for kind in kinds.values():
        expected += [(f"{kind}_{done}", kind, ids[kind]) for done in ("updated", "deleted")]
    assert told() == expected
    record = EventRecord.objects.get(type="tag_updated")
    assert record.body == {
        "actor": admin.username,
        "tag": {"id": ids["tag"], "name": "Two", "color": "#6e7781"},
        "changes": {"name": {"from": "One", "to": "Two"}},
        "message": "Tag Two updated",
    }
    # What is gone has its history still.
    assert EventRecord.objects.visible_to(agent).count() == EventRecord.objects.visible_to(admin).count() == 9
    assert not EventRecord.objects.visible_to(customer).exists()
    assert not any(EventRecord.objects.values_list("audience", flat=True))


def test_a_category_is_told_with_names(admin: Any, api_as: Api) -> None:
    above, team, category = category_of("Above"), team_of(), category_of()

    api_as(admin).patch(f"/api/categories/{category.pk}/", {"parent": above.pk, "team": team.pk, "priority": "low"})

    assert EventRecord.objects.latest("id").changes == {
        "parent": {"from": None, "to": {"id": above.pk, "name": "Above"}},
        "team": {"from": None, "to": {"id": team.pk, "name": "Field service"}},
        "priority": {"from": None, "to": "low"},
    }


@pytest.mark.parametrize("who", ["customer", "agent", "admin"])
def test_a_rename_is_in_every_list_at_once(
    api_as: Api, committing: Any, admin: Any, who: str, request: pytest.FixtureRequest
) -> None:
    category, tag, team = category_of(), tag_of(), team_of()
    reader = request.getfixturevalue(who)
    ticket_of(admin, created_by=reader.pk, category=category.pk, tags=["printer"], team=team.pk)
    client, writer = api_as(reader), api_as(admin)
    paths = ["/api/tickets/", "/api/categories/", "/api/tags/", *(["/api/teams/"] if who != "customer" else [])]
    before = [client.get(path).json() for path in paths]

    with committing():
        for path in (f"categories/{category.pk}", f"tags/{tag.pk}", f"teams/{team.pk}"):
            writer.patch(f"/api/{path}/", {"name": f"New {path[:3]}"})

    after = [client.get(path).json() for path in paths]
    assert all(old != new for old, new in zip(before, after, strict=True))
    ticket = after[0]["results"][0]
    assert (ticket["category"]["name"], ticket["tags"]) == ("New cat", ["New tag"])
    assert who == "customer" or ticket["team"]["name"] == "New tea"


@pytest.mark.parametrize("column", ["team_id", "category_id"])
def test_whether_anything_refers_to_a_row_is_asked_of_an_index(db: None, column: str) -> None:
    """By who deletes it, and by the foreign key's own check: neither leaves out the deleted tickets."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN SELECT 1 FROM ONLY tickets_ticket WHERE {column} = 1 FOR KEY SHARE")
        plan = " ".join(line for (line,) in cursor.fetchall())

    assert f"Index Cond: ({column} = 1)" in plan, plan
