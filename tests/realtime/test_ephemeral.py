"""Frames that are true for a moment, and frames that other apps answer."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from helpdesk.accounts.models import User
from helpdesk.core.errors import Invalid
from helpdesk.realtime import frames
from helpdesk.realtime.database import for_socket
from helpdesk.realtime.ephemeral import Audience
from helpdesk.realtime.frames import Speaker, register_frame
from helpdesk.realtime.hub import Hub
from tests.factories import ticket_of
from tests.people import UserFactory, access_token
from tests.realtime.inside import Inside, soon
from tests.servers import Valkey

SUBJECT = "ticket:7"  # stands for that of a ticket that there is
FRAME = {"type": "typing", "conversation": 1, "user": {"id": 1, "username": "agent_1", "name": "", "role": "agent"}}
END = {"type": "pong"}


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    monkeypatch.setattr(frames, "_HANDLERS", {})
    return register_frame


async def live(*users: User) -> list[Inside]:
    clients = [Inside(await for_socket(access_token, user)) for user in users]
    await soon(lambda: all(client.socket.live for client in clients))
    return clients


@pytest.mark.parametrize(
    ("audience", "hear"),
    [
        (lambda customer, _agent: Audience(users=[customer.pk]), "customer"),
        (lambda _customer, _agent: Audience(agents=True), "agent"),
        (lambda _customer, _agent: Audience(everyone=True), "customer agent"),
        (lambda customer, _agent: Audience(everyone=True, but=customer.pk), "agent"),
        (lambda _customer, _agent: Audience(subject=SUBJECT), "agent"),
        (lambda _customer, _agent: Audience(subject="ticket:8"), ""),
        (lambda _customer, _agent: Audience(), ""),
    ],
)
@pytest.mark.parametrize("redis", ["with Redis", "without Redis"])
async def test_an_ephemeral_frame_reaches_its_audience(
    customer: User, agent: User, hub: Hub, valkey_here: Valkey, audience: Any, hear: str, redis: str
) -> None:
    clients = dict(zip(["customer", "agent"], await live(customer, agent), strict=True))
    ticket = await for_socket(ticket_of, customer)
    clients["agent"].socket.subjects.add(f"ticket:{ticket.pk}")
    await asyncio.sleep(0.1)
    if redis == "without Redis":
        await asyncio.to_thread(valkey_here.kill)

    meant = audience(customer, agent)
    await hub.pass_on(FRAME, to=replace(meant, subject=f"ticket:{ticket.pk}") if meant.subject == SUBJECT else meant)
    await hub.pass_on(END, to=Audience(everyone=True))
    await soon(lambda: all(client.of("pong") for client in clients.values()))

    assert [name for name, client in clients.items() if client.of("typing") == [FRAME]] == hear.split()
    for client in clients.values():
        await client.leave()


async def test_frames_of_other_apps_are_answered_in_their_order_and_errors_name_the_ref(
    hub: Hub, agent: User, register: Callable[..., None]
) -> None:
    first = asyncio.Event()

    async def slowly(speaker: Speaker, content: dict[str, Any]) -> None:
        if content["n"] == 1:
            await first.wait()
        if content["n"] == 2:
            raise Invalid("Not two.")
        await speaker.say({"type": "ack", "ref": speaker.user.username, "id": content["n"]})

    register("slow", slowly)
    (client,) = await live(agent)
    for number in (1, 2, 3):
        client.send({"type": "slow", "n": number, "ref": f"r{number}"})
    client.send({"type": "ping"})
    await soon(lambda: client.of("pong"))
    assert not client.of("ack", "error")

    first.set()
    await soon(lambda: len(client.of("ack", "error")) == 3)
    assert client.of("ack", "error") == [
        {"type": "ack", "ref": agent.username, "id": 1},
        {"type": "error", "code": "invalid", "detail": "Not two.", "ref": "r2"},
        {"type": "ack", "ref": agent.username, "id": 3},
    ]
    await client.leave()


def test_a_frame_has_one_handler(register: Callable[..., None]) -> None:
    async def nothing(_speaker: Speaker, _content: dict[str, Any]) -> None: ...

    register("once", nothing)
    with pytest.raises(ValueError, match="once"):
        register("once", nothing)


async def test_who_lags_behind_gets_no_ephemeral_frames(hub: Hub, agent: User) -> None:
    (client,) = await live(await for_socket(UserFactory, role="agent"))
    client.socket.live = False

    await hub.pass_on(FRAME, to=Audience(everyone=True))
    await asyncio.sleep(0.2)

    assert not client.of("typing")
    await client.leave()


async def test_one_that_cannot_be_passed_on_holds_up_no_other(hub: Hub, agent: User) -> None:
    (client,) = await live(agent)
    client.socket.subjects.add("planet:7")
    await asyncio.sleep(0.1)

    await hub.pass_on(FRAME, to=Audience(subject="planet:7"))
    await hub.pass_on(END, to=Audience(everyone=True))
    await soon(lambda: client.of("pong"))

    assert not client.of("typing")
    await client.leave()
