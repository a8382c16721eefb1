"""A client that knows just enough of RFC 6455 to listen, and notes when each frame came."""

import asyncio
import struct
import time
from collections.abc import Callable
from typing import Any

EVENT = b'"occurred_at"'  # no other frame has it


class Thin(asyncio.Protocol):
    """`texts` are the frames that it kept, `arrivals` when events came (monotonic), `closed` the server's close code."""

    def __init__(self, path: str, *, protocols: str = "", keep: bool = True) -> None:
        self._path, self._protocols, self._keep = path, protocols, keep
        self._data = b""
        self._open = False
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.welcomed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.transport: Any = None
        self.texts: list[bytes] = []
        self.arrivals: list[float] = []
        self.closed: int | None = None
        self.lost = False
        self.on_event: Callable[[], None] = lambda: None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        offered = f"Sec-WebSocket-Protocol: {self._protocols}\r\n" if self._protocols else ""
        transport.write(
            f"GET {self._path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n{offered}"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        now = time.monotonic()
        self._data += data
        if not self._open:
            head, end, rest = self._data.partition(b"\r\n\r\n")
            if not end:
                return
            if b" 101 " not in head.partition(b"\r\n")[0]:
                self.opened.set_exception(ConnectionError(head[:200].decode()))
                self.transport.close()
                return
            self._open, self._data = True, rest
            self.opened.set_result(None)
        while (frame := self._next()) is not None:
            self._take(*frame, now=now)

    def connection_lost(self, error: Exception | None) -> None:
        self.lost = True
        for waited_for in (self.opened, self.welcomed):
            if not waited_for.done():
                waited_for.set_exception(ConnectionError(f"closed {self.closed}" if self.closed else error))
                waited_for.exception()  # so that nobody has to ask
        self.ended.set_result(None)

    def send(self, payload: bytes, *, opcode: int = 1, last: bool = True) -> None:
        """The mask is zero: the server unmasks it like any other."""
        self.transport.write(framed(payload, opcode=opcode, last=last))

    def abort(self) -> None:
        """Gone without a word, as in a tunnel."""
        self.transport.abort()

    def _next(self) -> tuple[int, bytes] | None:
        data = self._data
        if len(data) < 2:
            return None
        length, begin = data[1] & 0x7F, 2
        if length == 126:
            length, begin = int.from_bytes(data[2:4], "big"), 4
        elif length == 127:
            length, begin = int.from_bytes(data[2:10], "big"), 10
        if len(data) < begin or len(data) < begin + length:
            return None
        self._data = data[begin + length :]
        return data[0] & 0x0F, data[begin : begin + length]

    def _take(self, opcode: int, payload: bytes, *, now: float) -> None:
        if opcode == 1:
            if EVENT in payload:
                self.arrivals.append(now)
                self.on_event()
            elif payload.startswith(b'{"type":"welcome"'):
                self.welcomed.set_result(None)
            if self._keep:
                self.texts.append(payload)
        elif opcode == 9:
            self.send(payload, opcode=10)
        elif opcode == 8:
            self.closed = int.from_bytes(payload[:2], "big") if payload else None
            self.send(payload[:2], opcode=8)


def framed(payload: bytes, *, opcode: int = 1, last: bool = True) -> bytes:
    first, length = opcode | (0x80 if last else 0), len(payload)
    if length < 126:
        head = struct.pack("!BB", first, 0x80 | length)
    elif length < 1 << 16:
        head = struct.pack("!BBH", first, 0x80 | 126, length)
    else:
        head = struct.pack("!BBQ", first, 0x80 | 127, length)
    return head + bytes(4) + payload


async def connect(port: int, path: str, *, source: str = "127.0.0.1", **said: Any) -> Thin:
    """Open, and accepted; `source` spreads many over the ports of several local addresses."""
    loop = asyncio.get_running_loop()
    _transport, client = await loop.create_connection(
        lambda: Thin(path, **said), "127.0.0.1", port, local_addr=(source, 0)
    )
    await client.opened
    return client


def descriptors(wanted: int) -> None:
    """So many open files, or it says why not."""
    import resource

    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert hard == resource.RLIM_INFINITY or hard >= wanted, f"{wanted} open files are needed, {hard} allowed"
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
