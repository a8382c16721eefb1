"""What a socket hears: the welcome, the events, and what a plain connection is spared."""

from typing import Any

from helpdesk.events.models import EventRecord
from helpdesk.tickets.operations import comments, tickets
from tests.factories import comment_on, ticket_of
from tests.people import NOON, access_token
from tests.realtime.client import Opener
from tests.servers import Daphne


def test_the_welcome_comes_first_even_when_the_client_speaks_at_once(
    server: Daphne, agent: Any, open_socket: Opener
) -> None:
    client = open_socket(server, f"?token={access_token(agent)}&v=1")
    client.send({"type": "ping"})

    assert [frame["type"] for frame in client.take(2)] == ["welcome", "pong"]


def test_the_welcome_says_who_where_and_how(server: Daphne, agent: Any, listen: Opener) -> None:
    welcome = listen(server, agent).welcome

    assert welcome == {
        "type": "welcome",
        "cursor": welcome["cursor"],
        "user": {"id": agent.pk, "username": agent.username, "name": agent.name, "role": "agent"},
        "heartbeat": 25,
        "recovered": None,
    }


def test_an_event_has_the_shape_of_the_stream(
    server: Daphne, customer: Any, agent: Any, listen: Opener, api_as: Any
) -> None:
    client = listen(server, agent)
    ticket = ticket_of(customer, title="Mi ticket")
    heard = client.next()

    assert heard == {
        "type": "ticket_created",
        "id": EventRecord.objects.get().pk,
        "cursor": heard["cursor"],
        "occurred_at": "2026-11-20T12:00:00Z",
        "actor": customer.username,
        "ticket": {
            "id": ticket.pk,
            "title": "Mi ticket",
            "priority": "medium",
            "status": "open",
            "created_by": customer.username,
        },
        "message": f"New ticket #{ticket.pk}: Mi ticket",
    }
    stream = api_as(agent).get("/api/events/", {"after": client.welcome["cursor"]}).json()
    assert stream["results"] == [heard]


def test_a_plain_connection_hears_three_types_only(
    server: Daphne, customer: Any, agent: Any, listen: Opener, listen_plainly: Opener
) -> None:
    plain, speaking = listen_plainly(server, agent), listen(server, agent)

    ticket = ticket_of(customer)
    tickets.claim_ticket(by=agent, ticket_id=ticket.pk, now=NOON)
    comment = comment_on(ticket, customer)
    comment_on(ticket, customer)
    comments.edit_comment(by=customer, comment_id=comment.pk, content="Foam helps.", now=NOON)
    tickets.update_ticket(by=agent, ticket_id=ticket.pk, changes={"status": "pending", "priority": "high"}, now=NOON)

    shown = ["ticket_created", "comment_added", "comment_added", "status_changed"]
    assert [frame["type"] for frame in plain.take(4)] == shown
    everything = ["ticket_created", "ticket_assigned", *shown[1:3], "comment_updated", *shown[3:], "priority_changed"]
    assert [frame["type"] for frame in speaking.take(7)] == everything
    assert plain.so_far() == []


def test_a_plain_connection_brought_by_a_header_stays_plain(server: Daphne, agent: Any, open_socket: Opener) -> None:
    client = open_socket(server, headers={"Authorization": f"Bearer {access_token(agent)}"})
    client.send("nonsense")

    assert client.so_far() == []
