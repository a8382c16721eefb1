"""Agents see that a colleague looks at the same ticket, or writes an answer."""

import asyncio
from typing import Any

import pytest
from django.test import override_settings

from helpdesk.accounts.models import User
from helpdesk.realtime import viewing
from helpdesk.realtime.database import for_socket
from helpdesk.realtime.hub import Hub
from helpdesk.tickets.operations import tickets
from tests.factories import ticket_of
from tests.people import NOON, AgentFactory
from tests.realtime.client import Opener
from tests.realtime.inside import Inside, soon
from tests.realtime.test_subscribing import connected, end, subscribed
from tests.servers import Daphne


def views(client: Inside) -> list[tuple[str, bool, bool]]:
    return [(f["user"]["username"], f["composing"], f.get("left", False)) for f in client.of("viewing")]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(viewing, "PACE", 0.1)


async def test_colleagues_at_a_ticket_see_each_other_come_write_and_go(
    customer: User, agent: User, admin: User, hub: Hub
) -> None:
    ticket = await for_socket(ticket_of, customer)
    one, two, third, theirs = [
        await connected(user) for user in (agent, admin, await for_socket(AgentFactory), customer)
    ]
    await subscribed(third, ticket.pk)
    one.send({"type": "viewing", "ticket": ticket.pk})
    await soon(lambda: views(third))
    two.send({"type": "viewing", "ticket": ticket.pk, "composing": True})
    await soon(lambda: views(one) and views(two))

    # Who comes learns at once who is there.
    assert two.of("viewing") == [{"type": "viewing", "ticket": ticket.pk, "user": agent.as_dict(), "composing": False}]
    two.send({"type": "viewing", "ticket": None})
    await soon(lambda: len(views(one)) == 2)
    await end(one)
    await soon(lambda: len(views(third)) == 4)

    name, other = agent.username, admin.username
    assert views(one) == [(other, True, False), (other, False, True)]
    assert views(third) == [(name, False, False), (other, True, False), (other, False, True), (name, False, True)]
    assert views(theirs) == []
    await end(two, third, theirs)


async def test_what_is_said_again_and_what_changes_back_at_once_is_not_passed_on(
    customer: User, agent: User, admin: User, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = await for_socket(ticket_of, customer)
    one, two = await connected(agent), await connected(admin)
    two.send({"type": "viewing", "ticket": ticket.pk})
    monkeypatch.setattr(viewing, "PACE", 1.0)
    for composing in [False, False, *[True, False] * 8]:
        one.send({"type": "viewing", "ticket": ticket.pk, "composing": composing})
    await soon(lambda: views(two))
    await asyncio.sleep(1.3)

    assert 1 <= len(views(two)) <= 4
    assert one.closed is None
    await end(one, two)


async def test_a_narrowed_agent_who_lost_sight_sees_nobody_there_and_is_seen_by_nobody(
    customer: User, agent: User, admin: User, hub: Hub
) -> None:
    with override_settings(AGENT_SCOPE="assigned"):
        ticket = await for_socket(ticket_of, customer, assigned_to=agent.pk)
        one, two = await connected(agent), await connected(admin)
        for client in (one, two):
            client.send({"type": "viewing", "ticket": ticket.pk})
            await soon(lambda client=client: client.socket.looking_at)
        await soon(lambda: views(two) and views(one))

        await for_socket(tickets.update_ticket, by=admin, ticket_id=ticket.pk, changes={"assigned_to": None}, now=NOON)
        await soon(lambda: one.of("access_revoked") and views(two)[-1][2])
        two.send({"type": "viewing", "ticket": ticket.pk, "composing": True})
        await asyncio.sleep(0.4)

    assert len(views(one)) == 1
    await end(one, two)


async def test_who_is_about_to_hear_is_asked_for_when_it_is_sent(
    customer: User, agent: User, admin: User, hub: Hub
) -> None:
    """Also where nothing told the socket that the ticket is out of sight."""
    ticket = await for_socket(ticket_of, customer, assigned_to=agent.pk)
    one, two = await connected(agent), await connected(admin)
    one.send({"type": "viewing", "ticket": ticket.pk})
    await soon(lambda: one.socket.looking_at)
    with override_settings(AGENT_SCOPE="assigned"):
        await for_socket(lambda: type(ticket).objects.filter(pk=ticket.pk).update(assigned_to=None))
        two.send({"type": "viewing", "ticket": ticket.pk})
        await soon(lambda: views(two))
        await asyncio.sleep(0.3)

    assert views(one) == []
    await end(one, two)


async def test_a_process_that_says_nothing_any_more_is_taken_for_dead(
    customer: User, agent: User, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert viewing.EXPIRY + viewing.REPEAT <= 60
    ticket = await for_socket(ticket_of, customer)
    client = await connected(agent)
    client.send({"type": "viewing", "ticket": ticket.pk})
    await soon(lambda: client.socket.looking_at)
    monkeypatch.setattr(viewing, "EXPIRY", 0.3)
    user: Any = {"id": 0, "username": "elsewhere", "name": "", "role": "agent"}

    hub.viewing._learn({"from": "another", "states": [[f"ticket:{ticket.pk}", user, True]]})

    await soon(lambda: len(views(client)) == 2)
    assert views(client) == [("elsewhere", True, False), ("elsewhere", False, True)]
    await end(client)


def test_over_real_sockets_a_connection_that_breaks_is_told_as_leaving(
    server: Daphne, customer: User, agent: User, admin: User, listen: Opener
) -> None:
    ticket = ticket_of(customer)
    one, two = listen(server, agent), listen(server, admin)
    one.send({"type": "viewing", "ticket": ticket.pk, "composing": True})
    assert one.is_alive()
    two.send({"type": "viewing", "ticket": ticket.pk})
    came = two.next()
    one.connection.socket.close()
    left = two.next(seconds=10)

    assert (came["user"], came["composing"]) == (agent.as_dict(), True)
    assert (left["user"], left["left"]) == (agent.as_dict(), True)
