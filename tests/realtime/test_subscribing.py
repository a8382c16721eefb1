"""Agents hear all of the tickets that they subscribed to, live and when they come back."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from django.test import override_settings
from django.utils import timezone

from helpdesk.accounts.models import Session, User
from helpdesk.realtime import queries, subscriptions
from helpdesk.realtime.database import for_socket
from helpdesk.realtime.hub import Hub
from helpdesk.realtime.models import SocketSubscription
from helpdesk.tickets.operations import tickets
from tests.factories import comment_on, ticket_of
from tests.people import NOON, AgentFactory, UserFactory, access_token
from tests.realtime.client import Opener, types
from tests.realtime.inside import Held, Inside, position, soon
from tests.servers import Daphne


async def connected(user: User, *, token: str | None = None, after: str | None = None) -> Inside:
    client = Inside(token or await for_socket(access_token, user), after=after)
    await soon(lambda: client.socket.live)
    return client


async def subscribed(client: Inside, *ids: int, kind: str = "subscribe") -> Any:
    before = len(client.of(f"{kind}d"))
    client.send({"type": kind, "tickets": list(ids)})
    await soon(lambda: len(client.of(f"{kind}d")) > before)
    return client.of(f"{kind}d")[-1]


def heard(client: Inside) -> list[str]:
    return [frame["type"] for frame in client.frames if "id" in frame]


async def end(*clients: Inside) -> None:
    for client in clients:
        await client.leave()


async def test_a_subscribed_socket_hears_everything_once_and_another_tab_of_the_agent_nothing(
    customer: User, agent: User, admin: User, hub: Hub
) -> None:
    ticket = await for_socket(ticket_of, customer)
    token = await for_socket(access_token, agent)
    client, tab = await connected(agent, token=token), await connected(agent, token=token)

    answer = await subscribed(client, ticket.pk)
    await for_socket(comment_on, ticket, customer)
    await for_socket(comment_on, ticket, admin, is_internal=True)
    await for_socket(comment_on, ticket, agent)
    await for_socket(tickets.claim_ticket, by=agent, ticket_id=ticket.pk, now=NOON)

    await soon(lambda: heard(tab))
    assert heard(client) == ["comment_added", "note_added", "ticket_assigned"]
    assert heard(tab) == ["ticket_assigned"]
    assert answer == {"type": "subscribed", "tickets": [ticket.pk], "cursor": answer["cursor"]}
    assert min(client.events()) > position(answer)
    await end(client, tab)


async def test_who_unsubscribed_hears_no_more(customer: User, agent: User, hub: Hub) -> None:
    ticket = await for_socket(ticket_of, customer)
    client = await connected(agent)
    await subscribed(client, ticket.pk)
    await subscribed(client, ticket.pk, kind="unsubscribe")

    await for_socket(comment_on, ticket, customer)
    await for_socket(ticket_of, customer)

    await soon(lambda: heard(client))
    assert heard(client) == ["ticket_created"]
    assert not await for_socket(SocketSubscription.objects.exists)
    await end(client)


async def test_who_comes_back_hears_what_a_subscribed_ticket_went_through_and_who_begins_anew_does_not(
    customer: User, agent: User, hub: Hub
) -> None:
    ticket = await for_socket(ticket_of, customer)
    token = await for_socket(access_token, agent)
    client = await connected(agent, token=token)
    last = (await subscribed(client, ticket.pk))["cursor"]
    await end(client)
    await for_socket(comment_on, ticket, customer)

    back, anew = await connected(agent, token=token, after=last), await connected(agent, token=token)
    elsewhere = await connected(agent, after=last)
    await for_socket(comment_on, ticket, customer)

    await soon(lambda: len(heard(back)) == 2)
    assert back.frames[0]["subscribed"] == [ticket.pk]
    assert heard(back) == ["comment_added", "comment_added"]
    assert "subscribed" not in anew.frames[0]
    assert elsewhere.frames[0]["subscribed"] == []
    assert (heard(anew), heard(elsewhere)) == ([], [])
    await end(back, anew, elsewhere)


async def test_what_one_tab_unsubscribes_from_the_other_keeps(customer: User, agent: User, hub: Hub) -> None:
    ticket = await for_socket(ticket_of, customer)
    token = await for_socket(access_token, agent)
    one, other = await connected(agent, token=token), await connected(agent, token=token)
    await subscribed(one, ticket.pk)
    last = (await subscribed(other, ticket.pk))["cursor"]

    await subscribed(one, ticket.pk, kind="unsubscribe")
    await end(other)

    back = await connected(agent, token=token, after=last)
    assert back.frames[0]["subscribed"] == [ticket.pk]
    await end(one, back)


async def test_nothing_is_lost_between_the_answer_and_what_the_hub_is_just_telling(
    customer: User, agent: User, hub_asks: Held
) -> None:
    """The batch was addressed before the socket subscribed: the cursor lies behind it, and the ticket tells it."""
    ticket = await for_socket(ticket_of, customer)
    client = await connected(agent)
    addressing = hub_asks.gates[queries.hearers] = asyncio.Event()
    await for_socket(comment_on, ticket, customer)
    await soon(lambda: queries.hearers in hub_asks.asked)
    client.send({"type": "subscribe", "tickets": [ticket.pk]})
    await asyncio.sleep(0.2)
    assert not client.of("subscribed")

    addressing.set()
    await soon(lambda: client.of("subscribed"))
    await for_socket(comment_on, ticket, customer)

    await soon(client.events)
    assert (position(client.of("subscribed")[0]), client.events()) == (2, [3])
    await end(client)


async def test_a_ticket_out_of_sight_is_answered_as_one_that_does_not_exist(
    customer: User, agent: User, hub: Hub
) -> None:
    hidden = await for_socket(ticket_of, customer)
    mine = await for_socket(ticket_of, customer, assigned_to=agent.pk)
    with override_settings(AGENT_SCOPE="assigned"):
        client = await connected(agent)
        for frame in (
            {"type": "subscribe", "tickets": [hidden.pk]},
            {"type": "subscribe", "tickets": [2**63]},
            {"type": "subscribe", "tickets": [-1]},
            {"type": "viewing", "ticket": hidden.pk},
            {"type": "viewing", "ticket": hidden.pk + 1_000},
        ):
            client.send(frame)
        await soon(lambda: len(client.of("error")) == 5)
        client.send({"type": "subscribe", "tickets": [hidden.pk, mine.pk], "ref": "both"})
        await soon(lambda: len(client.of("error")) == 6)

    errors = client.of("error")
    assert {error["code"] for error in errors} == {"not_found"}
    assert errors[0] == errors[1] == errors[2]
    assert errors[3] == errors[4]
    (answer,) = client.of("subscribed")
    assert (answer["tickets"], answer["ref"]) == ([mine.pk], "both")
    assert client.socket.subjects == {f"ticket:{mine.pk}"}
    await end(client)


@pytest.mark.parametrize("kind", ["subscribe", "unsubscribe", "viewing"])
async def test_customers_may_do_nothing_of_it_to_their_own_ticket_either(
    customer: User, agent: User, hub: Hub, kind: str
) -> None:
    ticket = await for_socket(ticket_of, customer)
    client = await connected(customer)
    client.send({"type": kind, "tickets": [ticket.pk], "ticket": ticket.pk})

    await soon(lambda: client.of("error"))
    assert client.of("error")[0]["code"] == "permission_denied"
    assert (client.socket.subjects, client.socket.looking_at) == (set(), None)
    await end(client)


@pytest.mark.parametrize(
    "said",
    [
        {"type": "subscribe"},
        {"type": "subscribe", "tickets": []},
        {"type": "subscribe", "tickets": 7},
        {"type": "subscribe", "tickets": ["7"]},
        {"type": "subscribe", "tickets": [True]},
        {"type": "subscribe", "tickets": [7.0]},
        {"type": "unsubscribe", "tickets": [None]},
        {"type": "unsubscribe", "tickets": list(range(501))},
        {"type": "viewing"},
        {"type": "viewing", "ticket": "7"},
        {"type": "viewing", "ticket": False},
        {"type": "viewing", "ticket": None, "composing": "yes"},
    ],
)
async def test_a_frame_that_says_nothing_is_malformed(agent: User, hub: Hub, said: Any) -> None:
    client = await connected(agent)
    client.send(said)

    await soon(lambda: client.of("error"))
    assert client.of("error")[0]["code"] == "malformed_frame"
    await end(client)


async def test_a_session_subscribes_to_five_hundred_tickets_at_most(
    customer: User, agent: User, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriptions, "MOST", 2)
    ids = [(await for_socket(ticket_of, customer)).pk for _ in range(3)]
    client = await connected(agent)
    await subscribed(client, *ids[:2])
    client.send({"type": "subscribe", "tickets": ids[1:]})

    await soon(lambda: client.of("error"))
    assert client.of("error")[0]["code"] == "too_many_subscriptions"
    assert client.socket.subjects == {f"ticket:{pk}" for pk in ids[:2]}
    # What it has it may say again, and who lets one go may have another.
    await subscribed(client, *ids[:2])
    await subscribed(client, ids[0], kind="unsubscribe")
    await subscribed(client, ids[2])
    await end(client)


def test_what_ended_sessions_and_old_clients_left_is_cleared_away(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscriptions, "BATCH", 2)
    now = timezone.now()
    here, over = [Session.objects.create(user=AgentFactory()) for _ in range(2)]
    Session.objects.filter(pk=over.pk).update(ended_at=now)
    for session in (here, over):
        subscriptions.remember(session.pk, ["ticket:1", "ticket:2"], now=now)
    subscriptions.remember(here.pk, ["ticket:3"], now=now - timedelta(days=31))

    assert subscriptions.prune(now=now) == 3
    assert subscriptions.remembered(here.pk) == ["ticket:1", "ticket:2"]
    assert subscriptions.remembered(over.pk) == []


def test_over_a_real_socket_another_process_of_the_same_desk_remembers(
    server: Daphne, customer: User, agent: User, open_socket: Opener
) -> None:
    ticket, token = ticket_of(customer), access_token(agent)
    protocols = ["helpdesk.v1", f"bearer.{token}"]
    client = open_socket(server, subprotocols=protocols)
    client.next()
    client.send({"type": "subscribe", "tickets": [ticket.pk], "ref": "r1"})
    answer = client.next()
    comment_on(ticket, customer)
    live = client.next()
    client.connection.close()

    back = open_socket(server, f"?after={answer['cursor']}", subprotocols=protocols)

    assert back.next()["subscribed"] == [ticket.pk]
    assert types([live]) == ["comment_added"]
    assert back.next() == live
    assert back.so_far() == []


def test_a_plain_connection_has_no_such_frames(
    server: Daphne, customer: User, agent: User, listen_plainly: Opener
) -> None:
    ticket, client = ticket_of(customer), listen_plainly(server, agent)
    client.send({"type": "subscribe", "tickets": [ticket.pk]})
    client.send({"type": "viewing", "ticket": ticket.pk})
    assert client.so_far() == []
    comment_on(ticket, UserFactory())
    assert client.so_far() == []
