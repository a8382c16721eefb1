"""Bodies in pieces, under Daphne: it would hold a whole upload in memory, a whole download, and no limit at all.

A body goes to the application as it is asked for, an answer to the client as fast as the client takes it, and what is
larger than anything that is taken here is refused before it has come.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from django.conf import settings

PIECE: Final = 64 * 1024
# What a form has besides its file.
AROUND: Final = 64 * 1024
# How long what somebody still sends is thrown away, so that they come to read the answer.
LINGER: Final = 5.0

Refuse = Callable[[Any], bytes]


def adopt(refusal: Refuse) -> None:
    """`refusal` makes the bytes of the answer to a body that is too large."""
    from daphne.http_protocol import WebRequest
    from daphne.server import Server

    request: Any = WebRequest
    request.gotLength = _got_length(request.gotLength, refusal)
    request.handleContentChunk = _content_chunk(request.handleContentChunk, refusal)
    request.requestReceived = _unless_refused(request.requestReceived)
    request.finish = _finish(request.finish)
    server: Any = Server
    server.create_application = _create_application
    server.handle_reply = _handle_reply(server.handle_reply)


# --- what comes in ---------------------------------------------------------------------------------------------------


def largest() -> int:
    largest: int = max(settings.API_MAX_BODY_BYTES, settings.ATTACHMENT_MAX_BYTES + AROUND)
    return largest


class _Nothing:
    """In the place of a body that nobody wants."""

    closed = False

    def write(self, _piece: bytes) -> None: ...
    def close(self) -> None: ...


def _got_length(original: Any, refusal: Refuse) -> Any:
    def got(request: Any, length: int | None) -> None:
        request.taken, request.refused = 0, False
        if length is not None and length > largest():
            _refuse(request, refusal)
        else:
            original(request, length)

    return got


def _content_chunk(original: Any, refusal: Refuse) -> Any:
    def chunk(request: Any, piece: bytes) -> None:
        request.taken += len(piece)
        if not request.refused and request.taken > largest():
            request.content.close()
            _refuse(request, refusal)
        if not request.refused:
            original(request, piece)

    return chunk


def _unless_refused(original: Any) -> Any:
    def received(request: Any, *line: bytes) -> None:
        if not getattr(request, "refused", False):
            original(request, *line)

    return received


def _refuse(request: Any, refusal: Refuse) -> None:
    from twisted.internet import reactor

    loop: Any = reactor
    request.refused, request.content = True, _Nothing()
    channel = request.channel
    channel.transport.write(refusal(request))
    transport = channel.transport
    # Reading goes on for a while: a client that is cut off while it sends never reads why.
    closing = loop.callLater(LINGER, transport.loseConnection)
    channel.dataReceived = lambda _piece: None
    lost = channel.connectionLost

    def connection_lost(*reason: Any) -> None:
        if closing.active():
            closing.cancel()
        lost(*reason)

    channel.connectionLost = connection_lost
    if hasattr(transport, "loseWriteConnection"):
        transport.loseWriteConnection()


class _Body:
    """Daphne reads it into a queue, all at once; it finds nothing here, and the application takes the pieces itself."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self.is_taken = False

    @property
    def closed(self) -> bool:
        closed: bool = self._file.closed
        return closed

    def read(self, _size: int = -1) -> bytes:
        return b""

    def seek(self, *where: int) -> int:
        position: int = self._file.seek(*where)
        return position

    def close(self) -> None:
        self._file.close()

    def message(self) -> dict[str, Any]:
        if self.closed:
            return {"type": "http.disconnect"}
        piece = self._file.read(PIECE)
        self.is_taken = len(piece) < PIECE
        return {"type": "http.request", "body": piece, "more_body": not self.is_taken}


class _Messages:
    """What the application receives: first the body, then what Daphne has to say."""

    def __init__(self, body: _Body) -> None:
        self._body = body
        self._told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    def put_nowait(self, message: dict[str, Any]) -> None:
        if message["type"] != "http.request":
            self._told.put_nowait(message)

    async def get(self) -> dict[str, Any]:
        if self._body.is_taken or not self._told.empty():
            return await self._told.get()
        # Others have their turn between two pieces.
        await asyncio.sleep(0)
        return self._body.message()


def _create_application(server: Any, protocol: Any, scope: dict[str, Any]) -> Any:
    """As Daphne's, but for the queue of a request."""
    assert "application_instance" not in server.connections[protocol]
    messages: Any = asyncio.Queue()
    if scope["type"] == "http":
        protocol.content = _Body(protocol.content)
        messages = _Messages(protocol.content)
    scope.setdefault("asgi", {"version": "3.0"})
    running = server.application(scope=scope, receive=messages.get, send=partial(server.handle_reply, protocol))
    if protocol not in server.connections:
        return None
    loop = asyncio.get_event_loop()
    server.connections[protocol]["application_instance"] = asyncio.ensure_future(running, loop=loop)
    return messages


# --- what goes out ---------------------------------------------------------------------------------------------------


class _Flow:
    """Twisted's word about whether the client takes more now."""

    def __init__(self) -> None:
        self._open = asyncio.Event()
        self._open.set()
        self.wait = self._open.wait

    def pauseProducing(self) -> None:  # noqa: N802 - Twisted's names
        self._open.clear()

    def resumeProducing(self) -> None:  # noqa: N802
        self._open.set()

    def stopProducing(self) -> None:  # noqa: N802
        self._open.set()


def _handle_reply(original: Any) -> Any:
    async def handle(server: Any, protocol: Any, message: dict[str, Any]) -> None:
        more = message.get("more_body") and message["type"] == "http.response.body"
        if more and getattr(protocol, "flow", None) is None and protocol.channel is not None and not protocol.finished:
            protocol.flow = _Flow()
            protocol.registerProducer(protocol.flow, True)
        await original(server, protocol, message)
        if more and protocol.flow:
            await protocol.flow.wait()

    return handle


def _finish(original: Any) -> Any:
    def finish(request: Any) -> None:
        if getattr(request, "flow", None) is not None and request.channel is not None:
            request.flow.stopProducing()
            request.unregisterProducer()
        original(request)

    return finish
