"""The ASGI messages of a socket, and two things that Daphne can do but cannot be asked for by ASGI.

It refuses to send the close codes below 3000 that RFC 6455 gives to servers, and reasons; and its `send` never waits,
however much the client has left unread. Behind another server everything goes by the book.
"""

import functools
from collections.abc import Awaitable, Callable
from typing import Any

from helpdesk.realtime.closing import Close

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


async def close(send: Send, code: Close, *, reason: str = "") -> None:
    protocol = _daphne(send)
    if protocol is None:
        await send({"type": "websocket.close", "code": int(code), "reason": reason})
    else:
        protocol.sendCloseFrame(code=int(code), reasonUtf8=reason.encode())


def unsent(send: Send) -> int:
    """Bytes that wait in this process, because the client does not read them."""
    protocol = _daphne(send)
    if protocol is None:
        return 0
    transport = protocol.transport
    waiting: int = len(transport.dataBuffer) - transport.offset + transport._tempDataLen  # noqa: SLF001
    return waiting


def _daphne(send: Send) -> Any:
    """Daphne's protocol object of the socket: `send` is its method with the object bound to it."""
    if isinstance(send, functools.partial) and send.args and hasattr(send.args[0], "sendCloseFrame"):
        return send.args[0]
    return None
