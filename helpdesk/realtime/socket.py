"""One socket, from its handshake to its end."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Coroutine
from secrets import token_hex
from typing import Any, Final

import structlog
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from helpdesk.accounts.models import User
from helpdesk.accounts.tokens import AccessClaims, InvalidToken
from helpdesk.core.draining import draining
from helpdesk.core.errors import DomainError, Invalid, Unavailable
from helpdesk.events.cursors import Cursor
from helpdesk.events.models import EventRecord
from helpdesk.events.visibility import may_be_lost
from helpdesk.realtime import asgi, queries, restarting, subscriptions, wire
from helpdesk.realtime.closing import Close
from helpdesk.realtime.database import DOWN, for_socket
from helpdesk.realtime.frames import Handler, handler_of
from helpdesk.realtime.handshake import Handshake, read_handshake
from helpdesk.realtime.hub import SOCKETS_A_USER, hub
from helpdesk.realtime.pace import Pace
from helpdesk.realtime.resuming import resume
from helpdesk.realtime.telling import Told

logger = structlog.get_logger(__name__)

BUFFER: Final = 512 * 1024  # bytes that may wait for a client; one that lags further is replayed to from PostgreSQL
PATIENCE: Final = 5.0  # seconds for it to read so much that it can be sent more
PIECES: Final = 100  # frames on the wire a second: a message may come in pieces, and a client may ping by itself
ADMISSION: Final = 30.0  # seconds within which it must be known who somebody is
REMEMBERED: Final = 1_000  # tickets of which it is kept that they are lost; of others it may be told again
UNANSWERED: Final = 100  # frames of a client that may wait for those before them


class UnknownFrame(Invalid):
    code = "unknown_type"


async def notifications(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
    await receive()
    handshake = read_handshake(scope)
    socket = Socket(send, handshake)
    await send({"type": "websocket.accept", "subprotocol": handshake.subprotocol})
    await socket.serve(receive)


async def no_such_path(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
    await receive()
    # A browser that offered subprotocols takes an answer without one for a failure, and does not show the code.
    await send({"type": "websocket.accept", "subprotocol": read_handshake(scope).subprotocol})
    await asgi.line(send).close(Close.NO_SUCH_PATH)
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
        # By which all processes know it.
        self.name = token_hex(8)
        self._line = asgi.line(send)
        self._handshake = handshake
        self._pace = Pace()
        pieces = Pace(PIECES)
        self._line.guard(
            largest=wire.LARGEST_FRAME,
            allows=lambda: pieces.allows(time.monotonic()),
            flooded=lambda: self._start(self.close, Close.FLOOD),
        )
        self._language = "en"
        self._closing = False
        # Frames that came before we knew who sends them; None from then on. The pace bounds them.
        self._early: list[str | bytes] | None = []
        # What it subscribed to: "ticket:7".
        self.subjects: set[str] = set()
        # What the person looks at, and whether they write there.
        self.looking_at: str | None = None
        self.composing = False
        # What is still to be taken from the session's subscriptions.
        self._gone: set[str] = set()
        # Of which it was told that they are out of sight, and nothing since.
        self._lost: set[str] = set()
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
            await self.close(Close.RESTARTING, reason=restarting.hint(1))
            raise
        finally:
            self._closing, self.live = True, False
            hub.leave(self)
            for task in self._tasks.values():
                task.cancel()

    async def tell(self, record: EventRecord, told: Told, frame: asgi.Frame) -> None:
        """Write what it is told by a live event, unless it was replayed before."""
        position = record.position or 0
        if not self.live or position <= self.position:
            return
        if self._line.unsent() > BUFFER:
            self.live = False
            self._start(self._replay)
        else:
            self.position = position
            await self._write_told(record, told, frame)

    async def beat(self, frame: asgi.Frame) -> None:
        """Write the heartbeat of those who are live; while it replays, one that says how far it is.

        The welcome comes first: the hub knows of the socket before that.
        """
        if self._handshake.speaks_protocol and self._early is None:
            own = None if self.live else asgi.Frame(wire.heartbeat(position=self.position, now=timezone.now()))
            await self._write(own or frame)

    @property
    def user(self) -> User:
        return hub.users.get(self.user_id, self._admitted)

    async def say(self, frame: dict[str, Any]) -> None:
        await self._write(asgi.Frame(wire.text(frame)))

    async def subscribe(self, subjects: Collection[str]) -> str:
        """What happens from the cursor on is told: nothing is on its way that was addressed before."""
        await for_socket(subscriptions.remember, self.claims.session_id, subjects, now=timezone.now())
        position = await self._settled()
        self.subjects |= set(subjects)
        self._lost -= set(subjects)
        self._gone -= set(subjects)
        return str(Cursor(position=position, at=timezone.now()))

    async def unsubscribe(self, subjects: Collection[str]) -> str:
        position = await self._settled()
        self.subjects -= set(subjects)
        nobodys = [subject for subject in subjects if not hub.others_hear(self, subject)]
        await for_socket(subscriptions.forget, self.claims.session_id, nobodys)
        return str(Cursor(position=position, at=timezone.now()))

    def look_at(self, subject: str | None, *, composing: bool = False) -> None:
        before = (self.looking_at, self.composing)
        if before == (subject, composing) or self._closing:
            return
        self.looking_at, self.composing = subject, composing
        for changed in {before[0], subject} - {None}:
            hub.viewing.changed(str(changed), self.user.as_dict())

    async def tell_who_looks_at(self, subject: str) -> None:
        for frame in hub.viewing.frames(subject, but=self.user_id):
            await self.say(frame)

    async def hint(self, frame: asgi.Frame) -> None:
        """Write an ephemeral frame; not to who lags behind, for it would be out of date when it arrives."""
        if self.live and self._handshake.speaks_protocol and self._line.unsent() <= BUFFER:
            await self._write(frame)

    async def close(self, code: Close, *, reason: str = "") -> None:
        if self._closing:
            return
        self._closing, self.live = True, False
        hub.leave(self)
        logger.info("socket_closed", code=int(code), user_id=self.user_id)
        await self._line.close(code, reason=reason)

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
        except (*DOWN, TimeoutError):
            # Or so many wait before it that it had better come back.
            await self.close(Close.TRY_LATER)
        except Exception:
            logger.exception("socket_failed", user_id=self.user_id)
            await self.close(Close.BROKEN)

    async def _admit(self) -> None:
        if not self._handshake.origin_allowed:
            await self.close(Close.FORBIDDEN)
            return
        async with asyncio.timeout(ADMISSION):
            visitor = await self._sign_in()
        if draining.is_on:
            # The hub has said its farewells by now.
            await self.close(Close.RESTARTING, reason=restarting.hint(1))
        if self._closing:
            return
        remembered = None
        if self._handshake.after is not None:
            # Before the replay, so that it is told of them.
            remembered = await for_socket(subscriptions.remembered, visitor.claims.session_id)
            self.subjects = set(remembered)
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
            welcome = wire.welcome(
                user=visitor.user, cursor=start.cursor, recovered=start.recovered, subjects=remembered
            )
            await self._write(asgi.Frame(welcome))
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
            subjects = frozenset(self.subjects)
            page = await for_socket(queries.missed, user, position=self.position, upto=upto, subjects=subjects)
            for record, told in page:
                await self._drained()
                await self._write_told(record, told)
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
                await self._write(asgi.Frame(wire.error(problem.code, problem.detail, ref=ref)))

    async def _pong(self, _content: dict[str, Any]) -> None:
        await self._write(asgi.Frame(wire.pong()))

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

    async def _settled(self) -> int:
        """How far it has been told everything: a replay, or what the hub is telling, is waited for."""
        while not self._closing:
            position = await hub.settled()
            if self.live:
                return position
            await asyncio.sleep(0.01)
        return self.position

    async def _write_told(self, record: EventRecord, told: Told, frame: asgi.Frame | None = None) -> None:
        if not self._handshake.speaks_protocol:
            if told.event and record.type in wire.PLAIN_EVENTS:
                await self._write(frame or asgi.Frame(wire.event(record)))
            return
        if told.event or told.granted:
            self._lost.discard(record.topic)
        elif record.topic in self._lost:
            # It was told so, and it holds.
            return
        shared = frame.text if frame else None
        for text in wire.frames(record, told, event=shared):
            await self._write(frame if frame and text is shared else asgi.Frame(text))
        if told.revoked:
            self._lose(record)

    def _lose(self, record: EventRecord) -> None:
        """With the sight of a ticket ends what the socket wanted of it; with that of a queue, of what stood there."""
        if not may_be_lost(record.subject_type):
            self._start(self._look_at_subscriptions)
            return
        if len(self._lost) < REMEMBERED:
            self._lost.add(record.topic)
        self._let_go([record.topic])

    def _let_go(self, subjects: Collection[str]) -> None:
        if self.looking_at in subjects:
            self.look_at(None)
        if gone := self.subjects.intersection(subjects):
            self.subjects -= gone
            # Begun anew it must not leave out what was not finished.
            self._gone |= gone
            self._start(self._forget)

    async def _forget(self) -> None:
        gone = frozenset(self._gone)
        await for_socket(subscriptions.forget, self.claims.session_id, gone)
        self._gone -= gone

    async def _look_at_subscriptions(self) -> None:
        wanted = self.subjects | ({self.looking_at} if self.looking_at else set())
        gone = await for_socket(queries.unseen, self.user, wanted)
        for subject in gone:
            cursor = Cursor(position=self.position, at=timezone.now())
            frame = wire.access("access_revoked", ticket=wire.id_of(subject), cursor=cursor)
            await self._write(asgi.Frame(frame))
        self._let_go(gone)

    async def _write(self, frame: asgi.Frame) -> None:
        if not self._closing:
            await self._line.write(frame)

    async def _drained(self) -> None:
        """Wait until the client has read what it was sent, or give up."""
        deadline = time.monotonic() + PATIENCE
        while self._line.unsent() > BUFFER and not self._closing:
            if time.monotonic() > deadline:
                await self.close(Close.TOO_SLOW)
                return
            await asyncio.sleep(0.02)
