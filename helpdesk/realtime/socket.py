"""One socket, from its handshake to its end."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from secrets import token_hex
from typing import Any, Final

import structlog
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from helpdesk.accounts.models import User
from helpdesk.accounts.tokens import AccessClaims, InvalidToken
from helpdesk.core.errors import DomainError, Invalid, Unavailable
from helpdesk.events.models import EventRecord
from helpdesk.realtime import asgi, queries, wire
from helpdesk.realtime.closing import Close
from helpdesk.realtime.database import DOWN, for_socket
from helpdesk.realtime.frames import Handler, handler_of
from helpdesk.realtime.handshake import Handshake, read_handshake
from helpdesk.realtime.hub import SOCKETS_A_USER, hub
from helpdesk.realtime.pace import Pace
from helpdesk.realtime.resuming import resume

logger = structlog.get_logger(__name__)

BUFFER: Final = 512 * 1024  # bytes that may wait for a client; one that lags further is replayed to from PostgreSQL
PATIENCE: Final = 5.0  # seconds for it to read so much that it can be sent more
UNANSWERED: Final = 100  # frames of a client that may wait for those before them


class UnknownFrame(Invalid):
    code = "unknown_type"


async def notifications(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
    await receive()
    handshake = read_handshake(scope)
    await send({"type": "websocket.accept", "subprotocol": handshake.subprotocol})
    await Socket(send, handshake).serve(receive)


async def no_such_path(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
    await receive()
    # A browser that offered subprotocols takes an answer without one for a failure, and does not show the code.
    await send({"type": "websocket.accept", "subprotocol": read_handshake(scope).subprotocol})
    await asgi.close(send, Close.NO_SUCH_PATH)
    while (await receive())["type"] != "websocket.disconnect":
        pass


class Socket:
    """Who listens, since when, and up to which position they have been told.

    Not `live` until the replay has reached the hub; from then on the hub tells it each event, as long as it reads them.
    """

    user_id: int = 0
    _admitted: User
    claims: AccessClaims
    position: int = 0
    live: bool = False

    def __init__(self, send: asgi.Send, handshake: Handshake) -> None:
        self._send = send
        # By which all processes know it.
        self.name = token_hex(8)
        self._handshake = handshake
        self._pace = Pace()
        self._language = "en"
        self._closing = False
        # Frames that came before we knew who sends them; None from then on. The pace bounds them.
        self._early: list[str | bytes] | None = []
        # What it subscribed to: "ticket:7".
        self.subjects: set[str] = set()
        self._waiting: asyncio.Queue[tuple[Handler, dict[str, Any]]] = asyncio.Queue(UNANSWERED)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._answers: dict[str, Callable[[dict[str, Any]], Awaitable[None]]] = {"ping": self._pong, "auth": self._auth}

    async def serve(self, receive: asgi.Receive) -> None:
        """Until the client has gone. Frames are taken out at once: Daphne piles them up without bounds."""
        self._start(self._admit)
        try:
            while (message := await receive())["type"] != "websocket.disconnect":
                await self._hear(message)
        except asyncio.CancelledError:
            # The process ends; the hub may have got here first.
            await self.close(Close.RESTARTING)
            raise
        finally:
            self._closing, self.live = True, False
            hub.leave(self)
            for task in self._tasks.values():
                task.cancel()

    async def tell(self, record: EventRecord, text: str) -> None:
        """Write a live event, unless it was replayed before."""
        position = record.position or 0
        if not self.live or position <= self.position:
            return
        if asgi.unsent(self._send) > BUFFER:
            self.live = False
            self._start(self._replay)
        else:
            self.position = position
            await self._write_event(record.type, text)

    async def beat(self, text: str) -> None:
        """Write the heartbeat of those who are live; while it replays, one that says how far it is."""
        if self._handshake.speaks_protocol:
            await self._write(text if self.live else wire.heartbeat(position=self.position, now=timezone.now()))

    @property
    def user(self) -> User:
        return hub.users.get(self.user_id, self._admitted)

    async def say(self, frame: dict[str, Any]) -> None:
        await self._write(wire.text(frame))

    async def hint(self, text: str) -> None:
        """Write an ephemeral frame; not to who lags behind, for it would be out of date when it arrives."""
        if self.live and self._handshake.speaks_protocol and asgi.unsent(self._send) <= BUFFER:
            await self._write(text)

    async def close(self, code: Close) -> None:
        if self._closing:
            return
        self._closing, self.live = True, False
        hub.leave(self)
        logger.info("socket_closed", code=int(code), user_id=self.user_id)
        await asgi.close(self._send, code)

    def _start(self, what: Callable[..., Coroutine[Any, Any, None]], *args: Any) -> None:
        """Do it beside the reading of frames; the same begun again replaces what was not finished."""
        name = what.__name__
        if name in self._tasks:
            self._tasks[name].cancel()
        self._tasks[name] = asyncio.create_task(self._guarded(what(*args)))

    async def _guarded(self, what: Coroutine[Any, Any, None]) -> None:
        try:
            await what
        except InvalidToken:
            await self.close(Close.UNAUTHENTICATED)
        except DOWN:
            await self.close(Close.TRY_LATER)
        except Exception:
            logger.exception("socket_failed", user_id=self.user_id)
            await self.close(Close.BROKEN)

    async def _admit(self) -> None:
        if not self._handshake.origin_allowed:
            await self.close(Close.FORBIDDEN)
            return
        visitor = await self._sign_in()
        if self._closing:
            return
        start = resume(self._handshake.after, head=visitor.head, now=timezone.now())
        self.user_id, self.claims, self.position = visitor.user.pk, visitor.claims, start.cursor.position
        self._admitted, self._language = visitor.user, visitor.user.language
        if not hub.join(self, user=visitor.user, head=visitor.head):
            await self.close(Close.TOO_MANY)
            return
        if await hub.roll.enter(self.user_id, self.name, limit=SOCKETS_A_USER) > SOCKETS_A_USER:
            await self.close(Close.TOO_MANY)
            return
        if self._handshake.speaks_protocol:
            await self._write(wire.welcome(user=visitor.user, cursor=start.cursor, recovered=start.recovered))
        if start.problem:
            await self._complain(start.problem)
        early, self._early = self._early or [], None
        for frame in early:
            await self._answer(frame)
        await self._replay()

    async def _sign_in(self) -> queries.Visitor:
        if self._handshake.ticket:
            return await for_socket(queries.sign_in_by_ticket, self._handshake.ticket)
        if self._handshake.token:
            return await for_socket(queries.sign_in, self._handshake.token)
        raise InvalidToken

    async def _replay(self) -> None:
        """Catch up with the hub. It may move on meanwhile, but not between the last comparison and `live`."""
        while self.position < hub.position and not self._closing:
            upto = hub.position
            user = hub.users[self.user_id]
            page = await for_socket(queries.missed, user, position=self.position, upto=upto)
            for record in page:
                await self._drained()
                await self._write_event(record.type, wire.event(record))
                self.position = record.position or 0
            if len(page) < queries.PAGE:
                self.position = upto
        self.live = not self._closing

    async def _hear(self, message: asgi.Message) -> None:
        if self._closing:
            return
        if not self._pace.allows(time.monotonic()):
            await self.close(Close.FLOOD)
            return
        frame: str | bytes = message["text"] if message.get("text") is not None else message["bytes"]
        if wire.is_too_big(frame):
            await self.close(Close.TOO_BIG)
        elif self._early is not None:
            self._early.append(frame)
        else:
            await self._answer(frame)

    async def _answer(self, frame: str | bytes) -> None:
        content: dict[str, Any] = {}
        try:
            content = wire.read(frame)
            if answer := self._answers.get(content["type"]):
                await answer(content)
            else:
                self._answer_later(content)
        except DomainError as error:
            await self._complain(error, ref=content.get("ref"))

    def _answer_later(self, content: dict[str, Any]) -> None:
        """One after the other, beside the reading of frames: they may wait for PostgreSQL."""
        handler = handler_of(content["type"]) if self._handshake.speaks_protocol else None
        if handler is None:
            raise UnknownFrame(_("There is no frame of this type."))
        if self._waiting.full():
            raise Unavailable(_("Too many of your frames wait for an answer. Try again later."))
        self._waiting.put_nowait((handler, content))
        if "_answer_waiting" not in self._tasks:
            self._start(self._answer_waiting)

    async def _answer_waiting(self) -> None:
        while True:
            handler, content = await self._waiting.get()
            try:
                await handler(self, content)
            except DomainError as error:
                await self._complain(error, ref=content.get("ref"))
            except DOWN:
                await self._complain(Unavailable(_("Try again later.")), ref=content.get("ref"))

    async def _complain(self, problem: DomainError, *, ref: Any = None) -> None:
        if self._handshake.speaks_protocol:
            with translation.override(self._language):
                await self._write(wire.error(problem.code, problem.detail, ref=ref))

    async def _pong(self, _content: dict[str, Any]) -> None:
        await self._write(wire.pong())

    async def _auth(self, content: dict[str, Any]) -> None:
        token = content.get("token")
        if not isinstance(token, str):
            raise wire.MalformedFrame(_("“auth” brings a “token”."))
        self._start(self._renew, token)

    async def _renew(self, token: str) -> None:
        try:
            visitor = await for_socket(queries.sign_in, token)
        except DOWN:
            await self._complain(Unavailable(_("Try again later; your old token still counts.")))
            return
        if visitor.user.pk != self.user_id:
            raise InvalidToken
        self.claims = visitor.claims

    async def _write_event(self, event_type: str, text: str) -> None:
        if self._handshake.speaks_protocol or event_type in wire.PLAIN_EVENTS:
            await self._write(text)

    async def _write(self, text: str) -> None:
        if not self._closing:
            await self._send({"type": "websocket.send", "text": text})

    async def _drained(self) -> None:
        """Wait until the client has read what it was sent, or give up."""
        deadline = time.monotonic() + PATIENCE
        while asgi.unsent(self._send) > BUFFER and not self._closing:
            if time.monotonic() > deadline:
                await self.close(Close.TOO_SLOW)
                return
            await asyncio.sleep(0.02)
