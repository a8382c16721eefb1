"""The long poll of `GET /api/events/`: Django looks first, and who finds nothing waits here, outside of all threads.

The answer that Django gave is complete but for its body: signed in, charged and named. Whatever cannot simply be filled
in (a session that has ended, say) Django is asked for once more, so that it is said as everywhere.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from helpdesk.api.renderers import dumps
from helpdesk.events.api.waiting import Again, Door, with_door
from helpdesk.realtime.asgi import Message, Receive, Scope, Send
from helpdesk.realtime.waiting_room import room

Application = Callable[[Scope, Any, Any], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

_LENGTH: Final = b"content-length"
_REQUEST_ID: Final = b"x-request-id"
_CHARGED: Final = b"ratelimit"


class LongPolls:
    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "GET" and b"wait=" in scope["query_string"]:
            await self._hold(scope, receive, send)
        else:
            await self.application(scope, receive, send)

    async def _hold(self, scope: Scope, receive: Receive, send: Send) -> None:
        door, held = Door(), list[Message]()

        async def sent(message: Message) -> None:
            await (send(message) if door.wish is None else _kept(held, message))

        await self.application(with_door(scope, door), receive, sent)
        if door.wish is None or not held:
            return
        leaving = asyncio.ensure_future(_left(receive))
        answer = asyncio.ensure_future(room.wait(door.wish))
        try:
            await asyncio.wait({leaving, answer}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (leaving, answer):
                if not task.done():
                    task.cancel()
            await asyncio.gather(leaving, answer, return_exceptions=True)
        if answer.cancelled():
            return
        start = held[0]
        page = answer.result()
        if isinstance(page, Again):
            await self.application(*_once_more(scope, page, receive, send, start["headers"]))
        else:
            body = dumps(page)
            length = (b"Content-Length", str(len(body)).encode())
            await send({**start, "headers": [*_without(start["headers"], _LENGTH), length]})
            await send({"type": "http.response.body", "body": body})


async def _kept(held: list[Message], message: Message) -> None:
    held.append(message)


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _once_more(
    scope: Scope, how: Again, receive: Receive, send: Send, told: Headers
) -> tuple[dict[str, Any], Receive, Send]:
    """The same request under the same name. Its body, if it had one, has been read."""
    bodies: list[Message] = [{"type": "http.request", "body": b"", "more_body": False}]
    named = [header for header in told if header[0].lower() == _REQUEST_ID]
    charged = [header for header in told if header[0].lower().startswith(_CHARGED)]

    async def received() -> Message:
        return bodies.pop() if bodies else await receive()

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], *charged]}
        await send(message)

    headers = [*_without(scope["headers"], _REQUEST_ID), *((name.lower(), value) for name, value in named)]
    return with_door({**scope, "headers": headers}, how), received, sent


def _without(headers: Headers, name: bytes) -> Headers:
    return [header for header in headers if header[0].lower() != name]
