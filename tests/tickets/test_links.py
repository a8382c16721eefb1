"""Links between tickets: as each of the two sees them, without circles, and only to what one sees."""

from collections.abc import Callable
from typing import Any

import pytest

from helpdesk.events.models import EventRecord
from helpdesk.tickets.models import TicketLink
from helpdesk.tickets.operations.tickets import delete_ticket
from tests.factories import ticket_of
from tests.people import NOON
from tests.tickets.test_merging import merge

Api = Callable[[Any], Any]

SEEN = {
    "related": "related",
    "duplicate_of": "duplicated_by",
    "duplicated_by": "duplicate_of",
    "parent_of": "child_of",
    "child_of": "parent_of",
}


def link(client: Any, here: Any, kind: str, there: Any) -> Any:
    return client.post(f"/api/tickets/{here.pk}/links/", {"kind": kind, "ticket": there.pk})


def links(client: Any, ticket: Any) -> list[Any]:
    response = client.get(f"/api/tickets/{ticket.pk}/links/")
    assert response.status_code == 200, response.content
    return response.json()["results"]


@pytest.fixture
def other(customer: Any) -> Any:
    return ticket_of(customer, title="Smoke in the print room")


@pytest.mark.parametrize("kind", SEEN)
def test_each_of_the_two_sees_its_side(api_as: Api, ticket: Any, other: Any, agent: Any, kind: str) -> None:
    client = api_as(agent)
    response = link(client, ticket, kind, other)

    assert response.status_code == 201, response.content
    body = response.json()
    assert body["kind"] == kind
    assert body["ticket"] == {"id": other.pk, "title": "Smoke in the print room", "status": "open"}
    assert body["created_by"]["id"] == agent.pk
    assert links(client, ticket) == [body]
    assert [(row["id"], row["kind"], row["ticket"]["id"]) for row in links(client, other)] == [
        (body["id"], SEEN[kind], ticket.pk)
    ]


@pytest.mark.parametrize("kind", SEEN)
def test_the_same_link_again_is_the_same(api_as: Api, ticket: Any, other: Any, agent: Any, kind: str) -> None:
    client = api_as(agent)
    first = link(client, ticket, kind, other).json()
    again, back = link(client, ticket, kind, other), link(client, other, SEEN[kind], ticket)

    assert (again.status_code, again.json()) == (200, first)
    assert (back.status_code, back.json()["id"]) == (200, first["id"])
    assert TicketLink.objects.count() == 1
    assert EventRecord.objects.filter(type="ticket_linked").count() == 2


@pytest.mark.parametrize("kind", ["duplicate_of", "parent_of"])
def test_no_link_closes_a_circle(api_as: Api, ticket: Any, other: Any, customer: Any, agent: Any, kind: str) -> None:
    client = api_as(agent)
    third = ticket_of(customer)
    for here, there in ((ticket, other), (other, third), (ticket, third)):
        assert link(client, here, kind, there).status_code == 201

    for here, there in ((other, ticket), (third, other), (third, ticket)):
        for call in ((here, kind, there), (there, SEEN[kind], here)):
            response = link(client, *call)
            assert (response.status_code, response.json()["code"]) == (409, "link_cycle")
    # Of another kind it is none.
    assert link(client, third, "related", ticket).status_code == 201
    assert TicketLink.objects.count() == 4


def test_bad_links_are_refused_by_field(api_as: Api, ticket: Any, other: Any, agent: Any) -> None:
    delete_ticket(by=agent, ticket_id=other.pk, now=NOON)
    bad = [
        ({"kind": "friend_of", "ticket": other.pk}, "kind", "invalid_choice"),
        ({"ticket": other.pk}, "kind", "required"),
        ({"kind": "related"}, "ticket", "required"),
        ({"kind": "related", "ticket": str(other.pk)}, "ticket", "invalid"),
        ({"kind": "related", "ticket": 9_000_000_000}, "ticket", "does_not_exist"),
        ({"kind": "related", "ticket": other.pk}, "ticket", "does_not_exist"),
        ({"kind": "related", "ticket": ticket.pk}, "ticket", "same_ticket"),
    ]
    for body, field, code in bad:
        response = api_as(agent).post(f"/api/tickets/{ticket.pk}/links/", body)
        assert response.status_code == 400, body
        assert [(e["field"], e["code"]) for e in response.json()["errors"]] == [(field, code)]


def test_a_link_is_taken_back_from_either_side(api_as: Api, ticket: Any, other: Any, agent: Any) -> None:
    client = api_as(agent)
    for here in (ticket, other):
        made = link(client, ticket, "parent_of", other).json()
        assert client.delete(f"/api/tickets/{here.pk}/links/{made['id']}/").status_code == 204
        assert (links(client, ticket), links(client, other)) == ([], [])
        assert client.delete(f"/api/tickets/{here.pk}/links/{made['id']}/").status_code == 404


def test_a_link_of_others_is_not_found(api_as: Api, ticket: Any, other: Any, customer: Any, agent: Any) -> None:
    client = api_as(agent)
    made = link(client, ticket, "related", other).json()
    assert client.delete(f"/api/tickets/{ticket_of(customer).pk}/links/{made['id']}/").status_code == 404
    assert TicketLink.objects.count() == 1


def test_what_one_does_not_see_is_not_linked_to(
    api_as: Api, ticket: Any, other: Any, customer: Any, stranger: Any, agent: Any
) -> None:
    foreign = ticket_of(stranger)
    link(api_as(agent), ticket, "related", foreign)
    link(api_as(agent), ticket, "duplicate_of", other)

    theirs = links(api_as(customer), ticket)
    assert [(row["kind"], row["ticket"]["id"]) for row in theirs] == [("duplicate_of", other.pk)]
    assert links(api_as(stranger), foreign) == []
    assert len(links(api_as(agent), ticket)) == 2
    # Nor what was deleted.
    delete_ticket(by=agent, ticket_id=other.pk, now=NOON)
    assert links(api_as(customer), ticket) == []


def test_customers_read_and_do_not_write(
    api_as: Api, ticket: Any, other: Any, customer: Any, stranger: Any, agent: Any
) -> None:
    made = link(api_as(agent), ticket, "related", other).json()
    here = f"/api/tickets/{ticket.pk}/links/"
    for user, status in ((customer, 403), (stranger, 404)):
        assert link(api_as(user), ticket, "related", other).status_code == status
        assert api_as(user).delete(f"{here}{made['id']}/").status_code == status
    assert api_as(stranger).get(here).status_code == 404
    assert TicketLink.objects.count() == 1


def test_links_are_told_to_staff_on_both_timelines(
    api_as: Api, ticket: Any, other: Any, customer: Any, agent: Any
) -> None:
    made = link(api_as(agent), ticket, "parent_of", other).json()
    api_as(agent).delete(f"/api/tickets/{ticket.pk}/links/{made['id']}/")

    for row, kind, there in ((ticket, "parent_of", other), (other, "child_of", ticket)):
        unlinked, linked, *_ = api_as(agent).get(f"/api/tickets/{row.pk}/timeline/").json()["results"]
        assert (linked["type"], unlinked["type"]) == ("ticket_linked", "ticket_unlinked")
        assert linked["link"] == unlinked["link"] == {"id": made["id"], "kind": kind, "ticket": there.pk}
        theirs = api_as(customer).get(f"/api/tickets/{row.pk}/timeline/").json()["results"]
        assert "link" not in str(theirs)


def test_a_merged_ticket_keeps_its_links(api_as: Api, ticket: Any, other: Any, customer: Any, agent: Any) -> None:
    third = ticket_of(customer)
    link(api_as(agent), ticket, "child_of", third)
    merge(api_as(agent), ticket, other)
    assert [row["kind"] for row in links(api_as(customer), ticket)] == ["child_of"]
