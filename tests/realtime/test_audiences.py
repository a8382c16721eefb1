"""Who hears what, also after their standing has changed."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from helpdesk.accounts.models import Session, User
from helpdesk.tickets.models import Membership
from helpdesk.tickets.operations import comments, tickets
from tests.factories import comment_on, ticket_of
from tests.people import NOON
from tests.realtime.client import Opener, signed_in, types
from tests.servers import Daphne, eventually
from tests.tickets.queues import team_of, waiting


def test_an_agent_hears_a_creation_within_a_second(
    server: Daphne, customer: User, agent: User, listen_plainly: Opener
) -> None:
    client = listen_plainly(server, agent)

    def creation() -> float:
        started = time.monotonic()
        answer = http.post("/api/tickets/", json={"title": "Mi ticket", "description": "No funciona."})
        assert client.next()["ticket"]["id"] == answer.json()["id"]
        return time.monotonic() - started

    with signed_in(server, customer) as http:
        # A busy machine may be late once.
        assert any(creation() < 1 for _ in range(5))


def test_a_customer_hears_of_their_own_tickets_only_and_never_of_notes(
    server: Daphne, customer: User, stranger: User, agent: User, listen: Opener
) -> None:
    theirs, strangers = listen(server, customer), listen(server, stranger)
    other = ticket_of(stranger, title="Not theirs")
    ticket = ticket_of(customer, title="Theirs")

    tickets.claim_ticket(by=agent, ticket_id=ticket.pk, now=NOON)
    note = comment_on(ticket, agent, content="Secret: bill them twice.", is_internal=True)
    comments.edit_comment(by=agent, comment_id=note.pk, content="Secret: three times.", now=NOON)
    comments.delete_comment(by=agent, comment_id=note.pk, now=NOON)
    comment_on(other, agent, content="For the stranger.")
    tickets.update_ticket(by=agent, ticket_id=ticket.pk, changes={"status": "resolved"}, now=NOON)

    heard = theirs.take(2)
    assert types(heard) == ["ticket_assigned", "status_changed"]
    assert {frame["ticket"]["id"] for frame in heard} == {ticket.pk}
    assert types(strangers.take(1)) == ["comment_added"]
    assert (theirs.so_far(), strangers.so_far()) == ([], [])


def test_an_agent_hears_of_new_tickets_and_of_those_assigned_before_or_by_the_event(
    server: Daphne, customer: User, agent: User, admin: User, listen: Opener
) -> None:
    client = listen(server, agent)
    ticket = ticket_of(customer)
    comment_on(ticket, customer, content="Not theirs yet.")

    tickets.update_ticket(by=admin, ticket_id=ticket.pk, changes={"assigned_to": agent.pk}, now=NOON)
    comment_on(ticket, admin, content="A note.", is_internal=True)
    comment_on(ticket, customer, content="Theirs.")
    tickets.update_ticket(by=admin, ticket_id=ticket.pk, changes={"assigned_to": admin.pk}, now=NOON)
    comment_on(ticket, customer, content="Not theirs any more.")
    tickets.delete_ticket(by=admin, ticket_id=ticket.pk, now=NOON)

    told = ["ticket_created", "ticket_assigned", "note_added", "comment_added", "ticket_assigned", "access_revoked"]
    assert types(client.take(6)) == told
    assert client.so_far() == []


def test_a_customer_hears_that_their_ticket_was_deleted(
    server: Daphne, customer: User, agent: User, listen: Opener
) -> None:
    client = listen(server, customer)
    ticket = ticket_of(customer)
    tickets.delete_ticket(by=agent, ticket_id=ticket.pk, now=NOON)

    assert types(client.take(2)) == ["ticket_deleted", "access_revoked"]


def test_ones_own_comment_is_silent_on_all_own_sockets_and_another_own_change_is_not(
    server: Daphne, customer: User, agent: User, listen: Opener
) -> None:
    tabs, other = [listen(server, customer), listen(server, customer)], listen(server, agent)
    ticket = ticket_of(customer)
    tickets.claim_ticket(by=agent, ticket_id=ticket.pk, now=NOON)
    tickets.update_ticket(by=agent, ticket_id=ticket.pk, changes={"status": "pending"}, now=NOON)

    comment_on(ticket, customer)  # wakes the ticket, too

    assert types(other.take(5)) == [
        "ticket_created",
        "ticket_assigned",
        "status_changed",
        "comment_added",
        "status_changed",
    ]
    for tab in tabs:
        assert types(tab.take(3)) == ["ticket_assigned", "status_changed", "status_changed"]
        assert tab.so_far() == []
    back = listen(server, customer, after=tabs[0].welcome["cursor"])
    assert types(back.take(3)) == ["ticket_assigned", "status_changed", "status_changed"]
    assert back.so_far() == []


def test_within_five_seconds_a_demoted_agent_hears_staff_no_more_and_a_promoted_customer_does(
    server: Daphne, customer: User, agent: User, stranger: User, listen: Opener
) -> None:
    demoted, promoted = listen(server, agent), listen(server, stranger)
    ticket = ticket_of(customer, assigned_to=agent.pk)
    eventually(demoted.so_far)

    User.objects.filter(pk=agent.pk).update(role="customer")
    User.objects.filter(pk=stranger.pk).update(role="agent")
    time.sleep(5)
    comment_on(ticket, customer, content="Still assigned, but not theirs to see.")
    ticket_of(customer)

    assert types(promoted.take(1)) == ["ticket_created"]
    (lost,) = demoted.take(1)
    assert (lost["type"], lost["ticket"]) == ("access_revoked", ticket.pk)
    assert demoted.so_far() == []


def test_within_five_seconds_a_ban_closes_4403_and_the_end_of_a_session_4401(
    server: Daphne, customer: User, agent: User, admin: User, listen: Opener
) -> None:
    banned, signed_out, other = listen(server, customer), listen(server, agent), listen(server, admin)

    started = time.monotonic()
    User.objects.filter(pk=customer.pk).update(is_active=False)
    Session.objects.filter(user=agent).update(ended_at=timezone.now())

    assert banned.close_code(seconds=5) == 4403
    assert signed_out.close_code(seconds=5) == 4401
    assert time.monotonic() - started < 5
    assert other.is_alive()


@pytest.mark.parametrize(("scope", "in_queue"), [("team", ["In the queue"]), ("assigned", [])])
def test_a_narrowed_agent_hears_of_what_is_in_sight_when_it_happens(
    start_daphne: Callable[..., Daphne],
    customer: User,
    agent: User,
    admin: User,
    listen: Opener,
    scope: str,
    in_queue: list[str],
) -> None:
    server = start_daphne(AGENT_SCOPE=scope)
    client, unbound = listen(server, agent), listen(server, admin)
    team = team_of(agent)

    def opened(title: str, *, queue: bool = False, **fields: Any) -> Any:
        """It came with its team, and whoever sees everything has heard of it."""
        with transaction.atomic():
            ticket = (
                waiting(team, customer, title=title, **fields) if queue else ticket_of(customer, title=title, **fields)
            )
        assert unbound.next()["ticket"]["title"] == title
        return ticket

    opened("Nobody's")
    opened("In the queue", queue=True)
    assert [frame["ticket"]["title"] for frame in client.take(len(in_queue))] == in_queue
    Membership.objects.all().delete()
    opened("After the agent left the team", queue=True)
    mine = opened("Assigned", assigned_to=agent.pk)
    assert types(client.take(3)) == ["ticket_created", "access_granted", "ticket_assigned"]
    tickets.update_ticket(by=admin, ticket_id=mine.pk, changes={"assigned_to": None}, now=NOON)
    comment_on(mine, customer, content="Not for this agent.")
    opened("The end")

    (lost,) = client.take(1)
    assert (lost["type"], lost["ticket"]) == ("access_revoked", mine.pk)
    assert client.so_far() == []
    # On resume nothing else.
    back = listen(server, agent, after=client.welcome["cursor"])
    assert [(frame["type"], frame["ticket"]) for frame in back.take(1)] == [("access_revoked", mine.pk)]
    assert back.so_far() == []
