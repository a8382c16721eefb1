"""The service's application, and beside it `/ws/raw/`: the same bytes to everybody, in the plainest loop there is."""

from config.asgi import application as service
from helpdesk.realtime import roll
from helpdesk.realtime.asgi import Receive, Scope, Send

# A thousand who arrive are news for a thousand; what is measured here is an event.
roll.TOLD = 0  # type: ignore[misc]

_members: list[Send] = []


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket" and scope["path"] == "/ws/raw/":
        await _raw(receive, send)
    else:
        await service(scope, receive, send)


async def _raw(receive: Receive, send: Send) -> None:
    """Whoever says something here says it to all who have said nothing."""
    await receive()
    await send({"type": "websocket.accept"})
    _members.append(send)
    while (message := await receive())["type"] != "websocket.disconnect":
        if send in _members:
            _members.remove(send)
        for member in _members:
            await member({"type": "websocket.send", "text": message["text"]})
