"""The ASGI messages of a socket, and what Daphne can do but cannot be asked for by ASGI.

It refuses to send the close codes below 3000 that RFC 6455 gives to servers, and reasons; its `send` never waits,
however much the client has left unread, and frames the same text anew for each socket; and it collects whatever a
client sends. Behind another server everything goes by the book.
"""

import functools
import struct
from collections.abc import Awaitable, Callable
from typing import Any, Final

from helpdesk.realtime.closing import Close

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_WHOLE_TEXT: Final = 0x81  # FIN, opcode 1


class Frame:
    """One text for many sockets: encoded and framed once (RFC 6455, section 5.2), and never compressed."""

    __slots__ = ("bytes", "text")

    def __init__(self, text: str) -> None:
        payload = text.encode()
        self.text = text
        self.bytes = _header(len(payload)) + payload


def _header(length: int) -> bytes:
    if length < 126:  # noqa: PLR2004 - the RFC's marks for a longer length
        return struct.pack("!BB", _WHOLE_TEXT, length)
    if length < 1 << 16:
        return struct.pack("!BBH", _WHOLE_TEXT, 126, length)
    return struct.pack("!BBQ", _WHOLE_TEXT, 127, length)


class Line:
    """What goes out to one client."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def unsent(self) -> int:
        """Bytes that wait in this process, because the client does not read them."""
        return 0

    async def write(self, frame: Frame) -> None:
        await self._send({"type": "websocket.send", "text": frame.text})

    async def close(self, code: Close, *, reason: str = "") -> None:
        await self._send({"type": "websocket.close", "code": int(code), "reason": reason})

    def guard(self, *, largest: int, allows: Callable[[], bool], flooded: Callable[[], None]) -> None:
        """Refuse messages that are larger, and frames that are not allowed, before anything is collected or queued.

        To be called before the socket is accepted. It counts each frame on the wire: pieces of messages and pings too.
        """


class DaphneLine(Line):
    """Writes past Daphne's queue: as a rule the system takes a frame at once, and nothing waits for the reactor."""

    def __init__(self, protocol: Any) -> None:
        self._protocol = protocol
        self._transport = protocol.transport
        # Not so where Daphne does TLS itself.
        self._is_plain = hasattr(self._transport, "_tempDataLen")

    def unsent(self) -> int:
        transport = self._transport
        if not self._is_plain:
            return 0
        waiting: int = len(transport.dataBuffer) - transport.offset + transport._tempDataLen  # noqa: SLF001
        return waiting

    async def write(self, frame: Frame) -> None:
        if self._protocol.state != self._protocol.STATE_OPEN:
            return
        data, transport = frame.bytes, self._transport
        if self._is_plain and transport.connected and not (transport.dataBuffer or transport._tempDataLen):  # noqa: SLF001
            sent = transport.writeSomeData(data)
            # What is no number is why the connection is lost: Twisted will find out by itself.
            data = data[sent:] if isinstance(sent, int) else b""
        if data:
            transport.write(data)

    async def close(self, code: Close, *, reason: str = "") -> None:
        self._protocol.sendCloseFrame(code=int(code), reasonUtf8=reason.encode())

    def guard(self, *, largest: int, allows: Callable[[], bool], flooded: Callable[[], None]) -> None:
        protocol = self._protocol
        protocol.maxMessagePayloadSize = protocol.maxFramePayloadSize = largest
        # It says why it ends (1009, 1002, 1007), and reads on without collecting, instead of hanging up.
        protocol.failByDrop = False
        begin = protocol.onFrameBegin

        def counted() -> None:
            if allows():
                begin()
                return
            # Whatever else comes is read and thrown away, until the closing's time is over.
            protocol.dataReceived, protocol.onFrameData, protocol.onFrameEnd = _ignore, _ignore, _ignore
            protocol.data = b""
            flooded()

        protocol.onFrameBegin = counted


def _ignore(*_data: bytes) -> None:
    pass


def line(send: Send) -> Line:
    protocol = _daphne(send)
    return Line(send) if protocol is None else DaphneLine(protocol)


def _daphne(send: Send) -> Any:
    """Daphne's protocol object of the socket: `send` is its method with the object bound to it."""
    if isinstance(send, functools.partial) and send.args and hasattr(send.args[0], "sendCloseFrame"):
        return send.args[0]
    return None
