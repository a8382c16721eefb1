"""How a hub hears that the stream has grown."""

import asyncio

import pytest
from channels.layers import get_channel_layer

from helpdesk.accounts.models import User
from helpdesk.realtime import hub as hub_module
from helpdesk.realtime import layer as layer_module
from helpdesk.realtime.database import for_socket
from helpdesk.realtime.hub import Hub
from tests.factories import ticket_of
from tests.people import access_token
from tests.realtime.inside import Inside, soon
from tests.servers import Valkey


@pytest.mark.failing_subscriber
async def test_a_hub_that_keeps_trying_without_redis_piles_nothing_up_and_is_woken_when_it_is_back(
    customer: User, agent: User, hub: Hub, valkey_here: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []
    layer = get_channel_layer()._get_layer()
    subscribe = layer._subscribe_to_channel

    async def subscribe_and_count(channel: str) -> None:
        tried.append(channel)
        await subscribe(channel)

    monkeypatch.setattr(layer, "_subscribe_to_channel", subscribe_and_count)
    monkeypatch.setattr(hub_module, "POLL", 0.02)
    monkeypatch.setattr(layer_module, "RETRY", 0.02)
    await asyncio.to_thread(valkey_here.kill)
    client = Inside(await for_socket(access_token, agent))
    await soon(lambda: len(tried) > 5, seconds=20)
    assert len(layer.channels) <= 1

    await asyncio.to_thread(valkey_here.start)
    await soon(lambda: layer.groups)
    await asyncio.sleep(1.5)
    assert {len(members) for members in layer.groups.values()} == {len(layer.channels)} == {1}
    # It does not look by itself any more.
    monkeypatch.setattr(hub_module, "POLL", 60.0)
    await asyncio.sleep(0.1)
    await for_socket(ticket_of, customer)
    await soon(client.events, seconds=2)
    await client.leave()
