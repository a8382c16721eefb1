"""Who hears that somebody came or went, and how little of it."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from helpdesk.accounts.models import User
from helpdesk.realtime import presence, roll
from helpdesk.realtime.database import for_socket
from helpdesk.realtime.hub import Hub
from tests.people import AgentFactory, UserFactory, access_token
from tests.realtime.client import Client
from tests.realtime.inside import Inside, soon
from tests.servers import Daphne, Valkey


@pytest.fixture(autouse=True)
def quick(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who left is told of after half a second."""
    settings.PRESENCE_SECONDS = 4.5
    monkeypatch.setattr(presence, "here", {})


async def live(*users: User) -> list[Inside]:
    clients = [Inside(await for_socket(access_token, user)) for user in users]
    await soon(lambda: all(client.socket.live for client in clients))
    return clients


def heard(client: Inside) -> list[tuple[int, bool]]:
    return [(frame["user"]["id"], frame["online"]) for frame in client.presence]


async def test_only_who_may_write_to_somebody_hears_of_them(hub: Hub, valkey_here: Valkey) -> None:
    people = [await for_socket(UserFactory), await for_socket(UserFactory), await for_socket(AgentFactory)]
    customer, other, agent = people
    theirs, strange, staff = await live(*people)
    await soon(lambda: {(customer.pk, True), (other.pk, True)} <= set(heard(staff)))
    await soon(lambda: (agent.pk, True) in heard(theirs))

    await theirs.leave()
    await soon(lambda: (customer.pk, False) in heard(staff))
    (frame,) = [frame for frame in staff.presence if not frame["online"]]
    assert frame["user"] == customer.as_dict()
    assert frame["last_seen"].endswith("Z")

    assert {pk for pk, _ in heard(strange)} <= {agent.pk}
    assert agent.pk not in {pk for pk, _ in heard(staff)}
    await strange.leave()
    await staff.leave()


async def test_a_reload_and_a_second_tab_are_no_news(hub: Hub, valkey_here: Valkey) -> None:
    customer, agent = await for_socket(UserFactory), await for_socket(AgentFactory)
    staff, first = await live(agent, customer)
    await soon(lambda: heard(staff) == [(customer.pk, True)])

    (second,) = await live(customer)
    await first.leave()
    await asyncio.sleep(0.8)
    await second.leave()
    (third,) = await live(customer)
    await asyncio.sleep(1)

    assert heard(staff) == [(customer.pk, True)]
    await third.leave()
    await staff.leave()


async def test_hundreds_who_come_at_once_are_told_one_after_the_other_and_never_twice(
    hub: Hub, valkey_here: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roll, "TOLD", 10)
    customers = await for_socket(UserFactory.create_batch, 60)
    (staff,) = await live(await for_socket(AgentFactory))
    for number, customer in enumerate(customers):
        await hub.roll.enter(customer.pk, f"s{number}", limit=20)
    told = len(heard(staff))
    assert told < 60
    for number in range(30, 60):
        hub.roll.leave(customers[number].pk, f"s{number}")
    await soon(lambda: not hub.roll.untold)
    await asyncio.sleep(1.2)

    frames = heard(staff)
    assert len(frames) == len(set(frames))
    still = {customer.pk for customer in customers[:30]}
    assert still <= {pk for pk, online in frames if online}
    assert not still & {pk for pk, online in frames if not online}
    await staff.leave()


async def test_when_redis_comes_back_empty_people_are_online_again(hub: Hub, valkey_here: Valkey) -> None:
    customer = await for_socket(UserFactory)
    staff, theirs = await live(await for_socket(AgentFactory), customer)
    await soon(lambda: heard(staff) == [(customer.pk, True)])

    await asyncio.to_thread(valkey_here.kill)
    assert await asyncio.to_thread(presence.online, [customer.pk]) == {customer.pk: True}
    await asyncio.to_thread(valkey_here.start)
    await soon(lambda: _known(customer.pk))

    assert heard(staff) == [(customer.pk, True)]
    await theirs.leave()
    await staff.leave()


def _known(user_id: int) -> bool:
    try:
        return presence.known([user_id])[user_id].online
    except presence.redis.RedisDown:
        return False


def test_of_a_killed_process_people_go_offline_and_those_with_another_device_do_not(
    start_daphne: Callable[..., Daphne], valkey_here: Valkey, listen: Callable[..., Client], api_as: Callable[..., Any]
) -> None:
    doomed, other = start_daphne(PRESENCE_SECONDS="3"), start_daphne(PRESENCE_SECONDS="3")
    agent, customer, twice = AgentFactory(), UserFactory(), UserFactory()
    listen(doomed, customer)
    listen(doomed, twice)
    listen(other, twice)
    staff = listen(other, agent)
    read = api_as(agent)
    path = f"/api/presence/?users={customer.pk},{twice.pk}"
    assert {pk: sight["online"] for pk, sight in read.get(path).json().items()} == {
        str(customer.pk): True,
        str(twice.pk): True,
    }

    doomed.kill()
    while not ((frame := staff.next(seconds=20, presence=True))["type"] == "presence_changed" and not frame["online"]):
        pass
    assert frame["user"] == customer.as_dict()
    assert {pk: sight["online"] for pk, sight in read.get(path).json().items()} == {
        str(customer.pk): False,
        str(twice.pk): True,
    }
