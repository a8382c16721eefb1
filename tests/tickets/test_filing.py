"""Category, tags and team of a ticket: set, brought along, changed, shown and told."""

from collections.abc import Callable
from typing import Any

import pytest

from helpdesk.events.models import EventRecord
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.operations import catalog
from helpdesk.tickets.operations.tickets import update_ticket
from tests.factories import category_of, tag_of, team_of, ticket_of
from tests.people import NOON

Api = Callable[[Any], Any]

WRITTEN = {"title": "Smoke", "description": "It smokes."}
UNKNOWN = 9_000_000_000


def opened(client: Any, **fields: Any) -> Any:
    response = client.post("/api/tickets/", WRITTEN | fields)
    assert response.status_code == 201, response.content
    return response.json()


def filed(body: dict[str, Any]) -> tuple[Any, ...]:
    """Category, tags and team, by name."""
    return (body["category"] or {}).get("name"), body["tags"], (body.get("team") or {}).get("name")


def errors(response: Any) -> list[tuple[str, str, str]]:
    assert response.status_code == 400, response.content
    return [(error["field"], error["code"], error["message"]) for error in response.json()["errors"]]


# --- opening -----------------------------------------------------------------------------------------


def test_a_customer_files_a_new_ticket(api_as: Api, customer: Any) -> None:
    category, _other = category_of(), [tag_of("printer"), tag_of("Fire"), tag_of("water")]

    body = opened(api_as(customer), category=category.pk, tags=[" FIRE", "printer", "fire"])

    assert body["category"] == {"id": category.pk, "name": "Hardware"}
    assert body["tags"] == ["Fire", "printer"]
    assert "team" not in body


def test_a_category_brings_its_team_and_priority(api_as: Api, customer: Any, agent: Any) -> None:
    team = team_of(agent)
    category = category_of(team=team, priority="urgent")

    body = opened(api_as(customer), category=category.pk)

    assert body["priority"] == "urgent"
    assert api_as(agent).get(f"/api/tickets/{body['id']}/").json()["team"] == {"id": team.pk, "name": "Field service"}


def test_where_a_category_has_none_the_one_above_brings_them(api_as: Api, agent: Any) -> None:
    above = category_of(team=team_of(), priority="high")
    below = category_of("Printers", parent=above)
    own = category_of("Lasers", parent=above, priority="low", team=team_of(name="Lasers"))

    assert opened(api_as(agent), category=below.pk)["priority"] == "high"
    assert filed(opened(api_as(agent), category=below.pk)) == ("Printers", [], "Field service")
    assert opened(api_as(agent), category=own.pk)["priority"] == "low"
    assert filed(opened(api_as(agent), category=own.pk)) == ("Lasers", [], "Lasers")


def test_what_is_named_is_not_replaced_by_the_category(api_as: Api, agent: Any) -> None:
    category = category_of(team=team_of(), priority="urgent")
    second = team_of(name="Second line")

    body = opened(api_as(agent), category=category.pk, priority="low", team=second.pk)

    assert (body["priority"], body["team"]["name"]) == ("low", "Second line")


def test_without_a_category_nothing_is_brought(api_as: Api, agent: Any) -> None:
    body = opened(api_as(agent), category=None, team=None)

    assert (body["priority"], *filed(body)) == ("medium", None, [], None)


def test_customers_name_no_team(api_as: Api, customer: Any) -> None:
    response = api_as(customer).post("/api/tickets/", WRITTEN | {"team": team_of().pk})

    assert response.status_code == 403
    assert not Ticket.objects.exists()
    # Nor do they keep their ticket out of a queue.
    body = opened(api_as(customer), team=None, category=category_of(team=team_of(name="Lasers")).pk)
    assert Ticket.objects.get(pk=body["id"]).team.name == "Lasers"


# --- changing ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["patch", "put"])
def test_agents_file_a_ticket_anew(api_as: Api, agent: Any, method: str) -> None:
    tag_of("printer"), tag_of("fire")
    ticket = ticket_of(agent, tags=["printer"])
    category, team = category_of(), team_of()
    whole = {} if method == "patch" else WRITTEN | {"status": "open", "priority": "medium"}
    client = api_as(agent)
    url = f"/api/tickets/{ticket.pk}/"

    body = getattr(client, method)(url, whole | {"category": category.pk, "tags": ["fire"], "team": team.pk}).json()

    assert filed(body) == ("Hardware", ["fire"], "Field service")
    assert body["version"] == 2
    # What is not named stays, and the same again changes nothing.
    assert filed(client.patch(url, {"tags": ["FIRE"], "title": "Sparks"}).json()) == filed(body)
    again = client.patch(url, {"category": category.pk, "tags": ["fire"], "team": team.pk}).json()
    assert again["version"] == client.get(url).json()["version"] == 3
    assert filed(client.patch(url, {"category": None, "tags": [], "team": None}).json()) == (None, [], None)


def test_customers_change_nothing_of_it(api_as: Api, customer: Any) -> None:
    tag_of()
    ticket = ticket_of(customer)

    for change in ({"tags": ["printer"]}, {"category": category_of().pk}, {"team": team_of().pk}):
        assert api_as(customer).patch(f"/api/tickets/{ticket.pk}/", change).status_code == 403


def test_another_category_brings_its_team_to_a_ticket_without_one(api_as: Api, agent: Any) -> None:
    ticket, category = ticket_of(agent), category_of(team=team_of(), priority="urgent")

    body = api_as(agent).patch(f"/api/tickets/{ticket.pk}/", {"category": category.pk}).json()

    assert (filed(body), body["priority"]) == (("Hardware", [], "Field service"), "medium")


def test_another_category_takes_over_from_the_old_ones_team(api_as: Api, agent: Any) -> None:
    old = category_of("Printers", parent=category_of(team=team_of()))
    new = category_of("Billing", team=team_of(name="Accounts"))
    ticket = ticket_of(agent, category=old.pk)

    body = api_as(agent).patch(f"/api/tickets/{ticket.pk}/", {"category": new.pk}).json()

    assert filed(body) == ("Billing", [], "Accounts")


def test_a_team_that_somebody_chose_stays(api_as: Api, agent: Any) -> None:
    old, new = category_of(team=team_of()), category_of("Billing", team=team_of(name="Accounts"))
    chosen = ticket_of(agent, category=old.pk, team=team_of(name="Second line").pk)
    told = ticket_of(agent, category=old.pk)
    client = api_as(agent)

    assert filed(client.patch(f"/api/tickets/{chosen.pk}/", {"category": new.pk}).json())[2] == "Second line"
    named = client.patch(f"/api/tickets/{told.pk}/", {"category": new.pk, "team": None}).json()
    assert filed(named) == ("Billing", [], None)


def test_a_category_without_a_team_leaves_the_queue_as_it_is(api_as: Api, agent: Any) -> None:
    ticket = ticket_of(agent, category=category_of(team=team_of()).pk)

    for category in (category_of("Other").pk, None):
        body = api_as(agent).patch(f"/api/tickets/{ticket.pk}/", {"category": category}).json()
        assert filed(body)[2] == "Field service"


# --- what is refused -----------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["post", "patch"])
def test_what_there_is_not_is_named(api_as: Api, agent: Any, method: str) -> None:
    tag_of()
    url = "/api/tickets/" if method == "post" else f"/api/tickets/{ticket_of(agent).pk}/"

    def refused(**fields: Any) -> list[tuple[str, str, str]]:
        return errors(getattr(api_as(agent), method)(url, WRITTEN | fields))

    before = EventRecord.objects.count()
    assert refused(category=UNKNOWN) == [("category", "does_not_exist", f"There is no category {UNKNOWN}.")]
    assert refused(team=UNKNOWN) == [("team", "does_not_exist", f"There is no team {UNKNOWN}.")]
    assert refused(tags=["printer", " smoke ", "x"]) == [
        ("tags.1", "does_not_exist", "There is no tag “smoke”."),
        ("tags.2", "does_not_exist", "There is no tag “x”."),
    ]
    assert EventRecord.objects.count() == before


@pytest.mark.parametrize(
    ("tags", "field", "code"),
    [
        ("printer", "tags", "not_a_list"),
        (None, "tags", "null"),
        ({"0": "printer"}, "tags", "not_a_list"),
        ([7], "tags.0", "invalid"),
        ([None], "tags.0", "null"),
        (["printer", ""], "tags.1", "blank"),
        (["x" * 101], "tags.0", "max_length"),
        (["printer"] * 51, "tags", "max_length"),
    ],
)
def test_tags_are_a_list_of_names(api_as: Api, customer: Any, tags: Any, field: str, code: str) -> None:
    tag_of()

    response = api_as(customer).post("/api/tickets/", WRITTEN | {"tags": tags}, format="json")

    assert [error[:2] for error in errors(response)] == [(field, code)]


def test_a_deleted_tag_or_category_is_unknown(api_as: Api, admin: Any) -> None:
    tag, category = tag_of(), category_of()
    catalog.delete_tag(by=admin, tag_id=tag.pk, now=NOON)
    catalog.delete_category(by=admin, category_id=category.pk, now=NOON)

    for wrong in ({"tags": ["printer"]}, {"category": category.pk}):
        assert api_as(admin).post("/api/tickets/", WRITTEN | wrong).status_code == 400


# --- what is told ----------------------------------------------------------------------------------------


def test_a_change_is_told_with_names_and_kept_with_ids(agent: Any) -> None:
    tags = [tag_of("printer"), tag_of("fire")]
    category = category_of()
    ticket = ticket_of(agent, tags=["printer"])

    update_ticket(by=agent, ticket_id=ticket.pk, changes={"category": category.pk, "tags": ["fire"]}, now=NOON)

    record = EventRecord.objects.latest("id")
    hardware = {"id": category.pk, "name": "Hardware"}
    assert record.type == "ticket_updated"
    assert record.changes == {
        "category": {"from": None, "to": hardware},
        "tags": {"from": ["printer"], "to": ["fire"]},
    }
    assert record.body["changes"] == record.changes
    assert record.data["fields"] == {
        "category": [None, hardware],
        "tags": [[{"id": tags[0].pk, "name": "printer"}], [{"id": tags[1].pk, "name": "fire"}]],
    }
    assert record.event().changes == record.changes


def test_the_opening_keeps_where_it_was_filed(agent: Any) -> None:
    team, tag = team_of(), tag_of()
    category = category_of(team=team)

    ticket_of(agent, category=category.pk, tags=["printer"])

    data = EventRecord.objects.get(type="ticket_created").data
    assert (data["category"], data["tags"], data["team"]) == (
        {"id": category.pk, "name": "Hardware"},
        [{"id": tag.pk, "name": "printer"}],
        {"id": team.pk, "name": "Field service"},
    )


def test_a_record_from_before_there_were_any_is_read(agent: Any) -> None:
    ticket_of(agent)
    record = EventRecord.objects.get(type="ticket_created")
    for name in ("category", "tags", "team"):
        del record.data[name]

    event: Any = record.event()

    assert (event.category, event.tags, event.team) == (None, [], None)


def test_teams_are_the_desks_own_affair(api_as: Api, customer: Any, agent: Any) -> None:
    ticket = ticket_of(customer)
    old = {"title": "Smoke"}
    update_ticket(by=agent, ticket_id=ticket.pk, changes=old | {"team": team_of().pk}, now=NOON)

    def told(user: Any) -> list[Any]:
        page = api_as(user).get(f"/api/tickets/{ticket.pk}/timeline/").json()["results"]
        return [(entry["type"], sorted(entry["changes"])) for entry in page if entry["changes"]]

    assert told(customer) == [("ticket_updated", ["title"])]
    assert told(agent) == [("ticket_updated", ["title"]), ("ticket_team_changed", ["team"])]
    for path in ("/api/tickets/", f"/api/tickets/{ticket.pk}/", f"/api/tickets/{ticket.pk}/timeline/"):
        assert "Field service" not in api_as(customer).get(path).content.decode()


def test_a_rename_does_not_rewrite_history(api_as: Api, agent: Any, admin: Any) -> None:
    tag, ticket = tag_of(), ticket_of(agent)
    update_ticket(by=agent, ticket_id=ticket.pk, changes={"tags": ["printer"]}, now=NOON)

    catalog.update_tag(by=admin, tag_id=tag.pk, changes={"name": "Printers"}, now=NOON)

    client = api_as(agent)
    assert client.get(f"/api/tickets/{ticket.pk}/").json()["tags"] == ["Printers"]
    entry = client.get(f"/api/tickets/{ticket.pk}/timeline/").json()["results"][0]
    assert entry["changes"]["tags"] == {"from": [], "to": ["printer"]}


# --- filters ---------------------------------------------------------------------------------------------


def found(client: Any, query: str) -> list[int]:
    response = client.get(f"/api/tickets/?ordering=created_at&{query}")
    assert response.status_code == 200, response.content
    return [row["id"] for row in response.json()["results"]]


def test_a_category_is_found_with_those_below_it(api_as: Api, customer: Any, agent: Any) -> None:
    above = category_of()
    below, other = category_of("Printers", parent=above), category_of("Billing")
    one, two, three, _none = (ticket_of(customer, category=pk) for pk in (above.pk, below.pk, other.pk, None))

    for client in (api_as(customer), api_as(agent)):
        assert found(client, f"category={above.pk}") == [one.pk, two.pk]
        assert found(client, f"category={below.pk}") == [two.pk]
        assert found(client, f"category__in={below.pk},{other.pk}") == [two.pk, three.pk]
        assert found(client, f"category={UNKNOWN}") == []


def test_tags_are_found_by_name_in_any_case(api_as: Api, customer: Any) -> None:
    tag_of("Café printer"), tag_of("fire"), tag_of("unused")
    both = ticket_of(customer, tags=["fire", "café printer"])
    one, _none = ticket_of(customer, tags=["fire"]), ticket_of(customer)
    client = api_as(customer)

    assert found(client, "tag=FIRE") == [both.pk, one.pk]
    assert found(client, "tag=%20CAF%C3%89%20%20printer") == [both.pk]
    assert found(client, "tag__in=unused,caf%C3%A9%20printer") == [both.pk]
    assert found(client, "tag__in=fire,caf%C3%A9%20printer") == [both.pk, one.pk]
    assert found(client, "tag=unused") == found(client, "tag=nothing") == []


def test_a_queue_is_found_by_agents_alone(api_as: Api, customer: Any, agent: Any) -> None:
    teams = [team_of(name=name) for name in ("One", "Two", "Three")]
    tickets = [ticket_of(agent, created_by=customer.pk, team=team.pk) for team in teams]
    one, two, _three = (team.pk for team in teams)

    assert found(api_as(agent), f"team={one}") == [tickets[0].pk]
    assert found(api_as(agent), f"team__in={one},{two}") == [tickets[0].pk, tickets[1].pk]
    assert found(api_as(agent), f"team={UNKNOWN}") == []
    # Or they could ask which team has their ticket.
    assert found(api_as(customer), f"team={one}") == found(api_as(customer), f"team__in={one},{two}") == []


@pytest.mark.parametrize("query", ["category=x", "category__in=1,", "team=x", "team__in=1,x", "tag__in=a,,b"])
def test_a_bad_value_is_refused(api_as: Api, agent: Any, query: str) -> None:
    assert api_as(agent).get(f"/api/tickets/?{query}").status_code == 400


def test_a_stranger_finds_nothing_by_what_others_filed(api_as: Api, customer: Any, stranger: Any) -> None:
    category, _tag = category_of(team=team_of()), tag_of()
    ticket = ticket_of(customer, category=category.pk, tags=["printer"])

    for query in (f"category={category.pk}", "tag=printer", f"team={ticket.team_id}"):
        assert found(api_as(stranger), query) == []
