"""The connections of this process: which are busy, how they are told that it ends, and how slow a header may come."""

import time
from typing import Any, Final
from weakref import WeakSet

from daphne.http_protocol import HTTPFactory
from django.conf import settings
from twisted.web.http import HTTPChannel, _GenericHTTPChannelProtocol

from helpdesk.api import daphne
from helpdesk.core.draining import draining

PATIENCE: Final = 5.0  # seconds in which a client reads something of what waits for it, while the process ends

# Twisted types a part of its methods only.
_HTTPChannel: Any = HTTPChannel
_transports: "WeakSet[Any]" = WeakSet()


def adopt() -> None:
    """Before the server listens."""
    HTTPFactory.protocol = staticmethod(lambda: _GenericHTTPChannelProtocol(Channel()))


class Channel(_HTTPChannel):
    """One connection that speaks HTTP."""

    persistent: Any
    _slow: Any = None

    def connectionMade(self) -> None:  # noqa: N802 - Twisted's names
        super().connectionMade()
        _transports.add(self.transport)

    def connectionLost(self, reason: Any) -> None:  # noqa: N802
        self._header_is_over()
        super().connectionLost(reason)

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        super().dataReceived(data)
        if not self._is_within_header():
            self._header_is_over()
        elif self._slow is None:
            self._slow = self.callLater(settings.REQUEST_HEADER_SECONDS, self._too_slow)

    def checkPersistence(self, request: Any, version: bytes) -> bool:  # noqa: N802
        lasts: bool = super().checkPersistence(request, version)
        if lasts and draining.is_on:
            _say_close(request)
            return False
        return lasts

    def let_go(self) -> None:
        """After what it is answered now, the connection ends."""
        if self.requests and self.persistent:
            self.persistent = False
            _say_close(self.requests[0])

    def _is_within_header(self) -> bool:
        return bool(self.line_mode and (self.requests or self._buffer)) and self.transport.connected

    def _header_is_over(self) -> None:
        if self._slow is not None and self._slow.active():
            self._slow.cancel()
        self._slow = None

    def _too_slow(self) -> None:
        # A byte now and then would hold it for ever: Twisted's own limit begins anew with each.
        if self._is_within_header():
            daphne.refuse_slow(self)


def _say_close(request: Any) -> None:
    if not request.startedWriting:
        request.responseHeaders.setRawHeaders(b"Connection", [b"close"])


# --- while the process ends ------------------------------------------------------------------------------------------


def let_go() -> None:
    for transport in _open():
        if channel := _channel(transport):
            channel.let_go()


def any_open() -> bool:
    return bool(_open())


def busy() -> list[Any]:
    """Those that a request or a socket is on, or to which something has not been sent yet."""
    return [transport for transport in _open() if not _is_idle(transport)]


class Stalled:
    """Finds the clients that read nothing of what waits for them."""

    def __init__(self) -> None:
        self._seen: dict[Any, tuple[Any, float]] = {}

    def hang_up(self) -> None:
        now, before = time.monotonic(), self._seen
        self._seen = {}
        for transport in _open():
            if not (waiting := _unsent(transport)):
                continue
            # The buffer is made anew where something has left it.
            waited = before.get(transport)
            self._seen[transport] = waited if waited and waited[0] == waiting else (waiting, now)
            if now - self._seen[transport][1] > PATIENCE:
                transport.abortConnection()


def _open() -> list[Any]:
    return [transport for transport in _transports if transport.connected]


def _channel(transport: Any) -> Channel | None:
    """None where it has become a socket."""
    return getattr(transport.protocol, "_channel", None)


def _is_idle(transport: Any) -> bool:
    channel = _channel(transport)
    return channel is not None and not channel.requests and not _unsent(transport)


def _unsent(transport: Any) -> int:
    waiting: int = len(transport.dataBuffer) - transport.offset + transport._tempDataLen  # noqa: SLF001
    return waiting
