"""Daphne's server, which drains: asked to end, it takes nobody in any more, finishes what it has begun, and is gone."""

import asyncio
import logging
import os
import signal
import threading
import time
from typing import Any, Final

import structlog
from daphne.http_protocol import WebRequest
from daphne.server import Server as Daphne
from django.conf import settings
from twisted.internet import defer, reactor

from helpdesk.core.draining import draining
from helpdesk.edge import channels

logger = structlog.get_logger(__name__)

BACKLOG: Final = 20  # times that the queue of those who want to connect is looked into; each takes more at once
QUEUE: Final = 1024
LOOK: Final = 0.05  # seconds between two looks whether all is done
# Seconds in which those may still ask something who had connected, or were about to ask, when it began.
QUIET: Final = 0.5
# Seconds after the limit until the process is ended even if its loop does not turn, or a thread does not end.
LAST: Final = 2.0


class Server(Daphne):
    endpoints: list[str]

    def run(self) -> None:
        self.ports: list[Any] = []
        self.asked = 0
        self.cut_off = 0
        self.signal_handlers = False
        self.endpoints = [_with_a_queue(endpoint) for endpoint in self.endpoints]
        channels.adopt()
        loop: Any = reactor
        loop.callWhenRunning(self._hear_signals)
        super().run()
        if self.cut_off:
            # A thread that still works on what was cut off is not waited for.
            _end_at_once()

    def listen_success(self, port: Any) -> None:
        self.ports.append(port)
        super().listen_success(port)

    def kill_all_applications(self) -> "defer.Deferred[Any] | None":
        """Daphne's trips over a connection that has no application yet."""
        running = self._running()
        for application in running:
            application.cancel()
        return defer.Deferred.fromFuture(asyncio.ensure_future(asyncio.wait(running, timeout=1))) if running else None

    def _hear_signals(self) -> None:
        loop = asyncio.get_event_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._asked_to_end)

    def _asked_to_end(self) -> None:
        self.asked += 1
        if self.asked == 1:
            self._draining = asyncio.ensure_future(self._drain())

    async def _drain(self) -> None:
        began = time.monotonic()
        _end_after(settings.DRAIN_SECONDS + LAST)
        logger.info("draining", requests=len(self._running(WebRequest)))
        try:
            draining.begin()
            channels.let_go()
            await self._stop_listening()
            await self._finish(began)
        except Exception:
            logger.exception("draining_failed")
        self.cut_off = len(self._running(WebRequest))
        logger.info("drained", seconds=round(time.monotonic() - began, 1), cut_off=self.cut_off)
        self.stop()

    async def _stop_listening(self) -> None:
        for port in self.ports:
            # Who has connected already is not hung up on: in the kernel's queue there may be some.
            for _ in range(BACKLOG):
                port.doRead()
            await defer.maybeDeferred(port.stopListening).asFuture(asyncio.get_running_loop())

    async def _finish(self, began: float) -> None:
        """Until everything is done, or time is up, or somebody insists."""
        farewell = asyncio.ensure_future(self._farewell())
        stalled = channels.Stalled()
        while self.asked == 1 and (lasted := time.monotonic() - began) < settings.DRAIN_SECONDS:
            is_done = farewell.done() and not self._running() and not channels.busy()
            if is_done and (lasted > QUIET or not channels.any_open()):
                return
            stalled.hang_up()
            await asyncio.sleep(LOOK)
        farewell.cancel()

    async def _farewell(self) -> None:
        await draining.say_farewell()
        # Those that were not taken in yet.
        for application in self._running(but=WebRequest):
            application.cancel()

    def _running(self, kind: type = object, *, but: type | tuple[type, ...] = ()) -> list["asyncio.Future[Any]"]:
        """The applications that are at work, for requests or sockets."""
        return [
            details["application_instance"]
            for protocol, details in self.connections.items()
            if isinstance(protocol, kind) and not isinstance(protocol, but)
            if "application_instance" in details and not details["application_instance"].done()
        ]


def _with_a_queue(endpoint: str) -> str:
    """Hundreds who connect in one moment wait in the kernel; the 50 of Twisted's default hang up on the others."""
    return f"{endpoint}:backlog={QUEUE}" if endpoint.startswith(("tcp:", "unix:")) else endpoint


def _end_after(seconds: float) -> None:
    last = threading.Timer(seconds, _end_at_once)
    last.daemon = True
    last.start()


def _end_at_once() -> None:
    logging.shutdown()
    os._exit(1)
