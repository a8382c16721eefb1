"""The ASGI messages of a socket, and three things that Daphne can do but cannot be asked for by ASGI.

It refuses to send the close codes below 3000 that RFC 6455 gives to servers; its `send` never waits, however much the
client has left unread; and it has no lifespan. Behind another server everything goes by the book.
"""

import asyncio
import functools
import sys
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from helpdesk.realtime.closing import Close

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


async def close(send: Send, code: Close) -> None:
    protocol = _daphne(send)
    if protocol is None:
        await send({"type": "websocket.close", "code": int(code)})
    else:
        protocol.sendCloseFrame(code=int(code))


def unsent(send: Send) -> int:
    """Bytes that wait in this process, because the client does not read them."""
    protocol = _daphne(send)
    if protocol is None:
        return 0
    transport = protocol.transport
    waiting: int = len(transport.dataBuffer) - transport.offset + transport._tempDataLen  # noqa: SLF001
    return waiting


def before_shutdown(do: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Do it when the process is asked to end; it waits for that.

    Daphne cancels its applications then, but neither waits until their last frames have left, nor cancels any if one
    connection is younger than a second: it trips over that.
    """
    if "daphne.server" in sys.modules:
        from twisted.internet import defer, reactor

        def begin() -> defer.Deferred[None]:
            return defer.Deferred.fromFuture(asyncio.ensure_future(do()))

        reactor.addSystemEventTrigger("before", "shutdown", begin)  # type: ignore[arg-type]


def _daphne(send: Send) -> Any:
    """Daphne's protocol object of the socket: `send` is its method with the object bound to it."""
    if isinstance(send, functools.partial) and send.args and hasattr(send.args[0], "sendCloseFrame"):
        return send.args[0]
    return None
