"""From coming to replay to live, whatever happens in between: nothing is lost, and nothing is told twice."""

import asyncio
import random

import pytest

from helpdesk.accounts.models import User
from helpdesk.events.queries import head_position
from helpdesk.realtime import hub as hub_module
from helpdesk.realtime import queries, wire
from helpdesk.realtime.database import for_socket
from helpdesk.realtime.hub import Hub
from tests.factories import ticket_of
from tests.people import access_token
from tests.realtime.inside import Held, Inside, cursor, many_events, position, soon


async def test_a_head_that_was_read_before_others_left_loses_no_event(
    customer: User, agent: User, hub_asks: Held, sockets_ask: Held
) -> None:
    token = await for_socket(access_token, agent)
    first = Inside(token)
    await soon(lambda: first.frames)
    # It reads the head, and does not join yet.
    signing_in = sockets_ask.gates[queries.sign_in] = asyncio.Event()
    second = Inside(token)
    await soon(lambda: sockets_ask.answered.count(queries.sign_in) == 2)
    await for_socket(ticket_of, customer)
    await soon(first.events)
    # The hub reads on from there, and has no answer yet, when the place changes hands. (Nothing is on its way now.)
    await soon(lambda: hub_asks.asked.count(queries.stream_after) == hub_asks.answered.count(queries.stream_after))
    reading = hub_asks.gates[queries.stream_after] = asyncio.Event()
    before = len(hub_asks.asked)
    await for_socket(ticket_of, customer)
    await soon(lambda: queries.stream_after in hub_asks.asked[before:])
    await first.leave()
    signing_in.set()
    await soon(lambda: second.frames)
    reading.set()

    await soon(lambda: len(second.events()) == 2)
    assert second.events() == [1, 2]
    assert position(second.frames[0]) == 0
    await second.leave()


@pytest.mark.parametrize("seed", range(3))
async def test_whoever_comes_goes_and_comes_back_hears_each_event_once_and_in_order(
    customer: User, agent: User, hub_asks: Held, sockets_ask: Held, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(seed)
    monkeypatch.setattr(hub_module, "POLL", 0.02)
    monkeypatch.setattr(hub_module, "STANDING", 0.02)
    # Small pages and batches, and answers that are late when they are used.
    monkeypatch.setattr(queries, "BATCH", 2)
    monkeypatch.setattr(queries, "PAGE", 2)
    hub_asks.delay = sockets_ask.delay = lambda: chance.choice([0, 0, 0.01, 0.03])
    token = await for_socket(access_token, agent)
    working = True
    visits: list[Inside] = []

    async def come_and_go() -> None:
        last = None
        while working:
            visits.append(client := Inside(token, after=last))
            await asyncio.sleep(chance.random() * 0.15)
            await client.leave()
            if client.frames:
                last = chance.choice([None, client.frames[-1]["cursor"]])

    visitors = [asyncio.create_task(come_and_go()) for _ in range(2)]
    for _ in range(100):
        await for_socket(ticket_of, customer)
        await asyncio.sleep(chance.random() * 0.03)
    working = False
    await asyncio.gather(*visitors)

    heard = [client for client in visits if client.events()]
    assert len(heard) > 10
    for client in visits:
        assert client.closed is None
        if client.frames:
            start = position(client.frames[0]) + 1
            assert client.events() == list(range(start, start + len(client.events())))
    back = Inside(token, after=cursor(0))
    await soon(lambda: len(back.events()) == 100)
    await back.leave()


async def test_what_concerns_others_costs_a_replay_one_question(
    customer: User, stranger: User, sockets_ask: Held
) -> None:
    await for_socket(ticket_of, customer)
    head = await for_socket(lambda: many_events(5_000, audience=stranger.pk))
    client = Inside(await for_socket(access_token, customer), after=cursor(1))
    await soon(lambda: client.socket.live)
    await for_socket(lambda: many_events(1, audience=customer.pk))

    await soon(client.events)
    assert client.events() == [head + 1]
    assert sockets_ask.asked.count(queries.missed) == 1
    await client.leave()


async def test_a_long_replay_comes_in_pages_with_nothing_between_them(customer: User, sockets_ask: Held) -> None:
    await for_socket(ticket_of, customer)
    head = await for_socket(lambda: many_events(2 * queries.PAGE, audience=customer.pk))
    client = Inside(await for_socket(access_token, customer), after=cursor(1))
    await soon(lambda: len(client.events()) == 2 * queries.PAGE)
    await for_socket(lambda: many_events(1, audience=customer.pk))

    await soon(lambda: len(client.events()) == 2 * queries.PAGE + 1)
    assert client.events() == list(range(2, head + 2))
    assert await for_socket(head_position) == head + 1
    await client.leave()


async def test_heartbeats_come_during_a_replay_and_say_how_far_it_is(
    customer: User, hub: Hub, sockets_ask: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "HEARTBEAT", 0.1)
    monkeypatch.setattr(hub_module, "POLL", 0.05)
    await for_socket(ticket_of, customer)
    head = await for_socket(lambda: many_events(10, audience=customer.pk))
    replaying = sockets_ask.gates[queries.missed] = asyncio.Event()
    client = Inside(await for_socket(access_token, customer), after=cursor(3))

    await soon(lambda: len(client.of("heartbeat")) > 1)
    assert {position(frame) for frame in client.of("heartbeat")} == {3}
    replaying.set()
    await soon(lambda: position(client.frames[-1]) == head and client.frames[-1]["type"] == "heartbeat")
    assert client.events() == list(range(4, head + 1))
    await client.leave()


async def test_a_busy_stream_puts_off_neither_heartbeats_nor_bans(
    customer: User, agent: User, admin: User, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "HEARTBEAT", 0.1)
    monkeypatch.setattr(hub_module, "STANDING", 0.1)
    monkeypatch.setattr(queries, "BATCH", 1)
    await for_socket(ticket_of, customer)
    banned, other = [Inside(await for_socket(access_token, user)) for user in (agent, admin)]
    await soon(lambda: banned.frames and other.frames)

    await for_socket(lambda: many_events(500, to_agents=True))
    await for_socket(lambda: User.objects.filter(pk=agent.pk).update(is_active=False))

    await soon(lambda: len(other.events()) == 500, seconds=30)
    assert banned.closed == 4403
    assert len(banned.events()) < 500
    last_event = next(frame for frame in reversed(other.frames) if "id" in frame)
    assert "heartbeat" in [frame["type"] for frame in other.frames[: other.frames.index(last_event)]]
    await other.leave()


async def test_the_welcome_comes_first_even_when_a_heartbeat_is_due(hub: Hub, agent: User) -> None:
    for _ in range(5):
        hub._next_heartbeat = 0.0
        client = Inside(await for_socket(access_token, agent))
        hub._woken.set()
        await soon(lambda client=client: client.of("welcome"))
        assert client.frames[0]["type"] == "welcome"
        await client.leave()
