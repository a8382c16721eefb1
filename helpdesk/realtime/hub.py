"""One hub a process: it reads each new event once, and writes the same text to every local socket that hears it.

PostgreSQL is the truth. The channel layer only says that there is something to read; when it is silent, because a
message or all of Redis was lost, the hub finds the event by looking once a second.
"""

import asyncio
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import structlog
from django.utils import timezone

from helpdesk.accounts.models import Session, User
from helpdesk.accounts.tokens import AccessClaims
from helpdesk.events.models import EventRecord
from helpdesk.events.queries import head_position
from helpdesk.realtime import asgi, ephemeral, queries, wire
from helpdesk.realtime.closing import Close
from helpdesk.realtime.database import DOWN, for_hub
from helpdesk.realtime.ephemeral import Audience
from helpdesk.realtime.layer import Message, Subscription
from helpdesk.realtime.roll import Roll

if TYPE_CHECKING:
    from helpdesk.realtime.socket import Socket

logger = structlog.get_logger(__name__)

POLL: Final = 1.0  # seconds between two looks when nobody wakes the hub
STANDING: Final = 2.0  # seconds between two looks at roles, sessions and bans
SOCKETS_A_USER: Final = 20
# The loop serves somebody else after so many frames.
BREATH: Final = 100
FLUSH: Final = 0.1  # seconds for the last frames to leave a process that ends
PASSED: Final = 1_000  # ephemeral frames that may wait here; more of them are not worth the wait


class Hub:
    """The local sockets, and how far they have been told.

    `position` is how far the stream has been read. Sockets that join while a batch is being written replay up to there
    by themselves, and ignore what the hub tells them twice. So nothing is lost as long as it never goes back while a
    batch is on its way; it is set back only by the task that reads.
    """

    def __init__(self) -> None:
        self.position = 0
        self.users: dict[int, User] = {}
        self._sockets: dict[int, set[Socket]] = {}
        self._batch: list[EventRecord] = []
        self._woken = asyncio.Event()
        self._passed: asyncio.Queue[Message] = asyncio.Queue(PASSED)
        self.layer = Subscription()
        self.layer.hear("stream.grew", self._hear_of_growth)
        self.layer.hear(ephemeral.KIND, self._hear_of_frame)
        self.roll = Roll(pass_on=self.pass_on)
        self._tasks: list[asyncio.Task[None]] = []
        self._next_standing = 0.0
        self._next_heartbeat = 0.0
        self._database_down = False

    def join(self, socket: "Socket", *, user: User, head: int) -> bool:
        """Take the socket in; false if its user has too many here. It hears events from when it is `live`."""
        if not self._sockets:
            # What happened while nobody was here concerns nobody. The head may have been read before others left, and
            # the hub be further by now: then this socket replays.
            self.position = max(self.position, head)
        mine = self._sockets.setdefault(user.pk, set())
        if len(mine) >= SOCKETS_A_USER:
            return False
        mine.add(socket)
        self.users[user.pk] = user
        self._woken.set()
        if not self._tasks:
            self._next_heartbeat = time.monotonic() + wire.HEARTBEAT
            asgi.before_shutdown(self._end)
            self.layer.start()
            serving = (self._serve, self._pass_frames, self.roll.serve)
            self._tasks = [asyncio.create_task(serve()) for serve in serving]
        return True

    def leave(self, socket: "Socket") -> None:
        mine = self._sockets.get(socket.user_id)
        if mine is None or socket not in mine:
            return
        mine.remove(socket)
        self.roll.leave(socket.user_id, socket.name)
        if not mine:
            del self._sockets[socket.user_id]
            del self.users[socket.user_id]
        if not self._sockets:
            # So that it forgets how far it was.
            self._woken.set()

    def _all(self) -> list["Socket"]:
        return [socket for mine in self._sockets.values() for socket in mine]

    async def pass_on(self, frame: dict[str, Any], *, to: Audience) -> None:
        """An ephemeral frame, to sockets of all processes; without Redis, to those of this one."""
        if not await ephemeral.pass_on(frame, to=to):
            self._hear_of_frame(ephemeral.message_of(frame, to))

    def _hear_of_growth(self, message: Message) -> None:
        if (message["position"] or 0) > self.position:
            self._woken.set()

    def _hear_of_frame(self, message: Message) -> None:
        if not self._passed.full():
            self._passed.put_nowait(message)

    async def _pass_frames(self) -> None:
        while True:
            message = await self._passed.get()
            text = wire.text(message["frame"])
            for written, socket in enumerate(self._meant(Audience(**message["audience"])), start=1):
                await socket.hint(text)
                if written % BREATH == 0:
                    await asyncio.sleep(0)

    def _meant(self, audience: Audience) -> list["Socket"]:
        return [
            socket
            for user_id, mine in self._sockets.items()
            if user_id != audience.but
            for socket in mine
            if audience.everyone
            or user_id in audience.users
            or (audience.agents and self.users[user_id].is_agent)
            or (audience.subject and audience.subject in socket.subjects)
        ]

    async def _serve(self) -> None:
        while True:
            if not self._sockets:
                # No batch is on its way: whoever joins next says where to begin, also over a restored database.
                self.position, self._batch = 0, []
            try:
                async with asyncio.timeout(POLL if self._sockets else None):
                    await self._woken.wait()
            except TimeoutError:
                pass
            self._woken.clear()
            if not self._sockets:
                continue
            try:
                await self._work()
            except DOWN as error:
                if not self._database_down:
                    logger.warning("database_down", reason=type(error).__name__)
                self._database_down = True
                await asyncio.sleep(POLL)
            except Exception:
                # Nobody knows what was told and what was not: they come back with their cursors.
                logger.exception("hub_failed")
                self._batch = []
                await self._close_all()
                await asyncio.sleep(POLL)
            else:
                self._database_down = False

    async def _work(self) -> None:
        now = time.monotonic()
        if now >= self._next_heartbeat:
            self._next_heartbeat = now + wire.HEARTBEAT
            await self._beat()
        if now >= self._next_standing:
            self._next_standing = now + STANDING
            await self._look_at_head()
            await self._look_at_standing()
        if self._sockets and await self._read():
            await self._tell()
            # There may be more, but a busy stream must not put off the rest.
            self._woken.set()

    async def _read(self) -> bool:
        if not self._batch:
            self._batch = await for_hub(queries.stream_after, self.position)
            if self._batch:
                # Before the next await: who joins from here on has replayed this batch.
                self.position = max(self.position, self._batch[-1].position or 0)
        return bool(self._batch)

    async def _tell(self) -> None:
        heard_by = await for_hub(queries.hearers, self._batch, dict(self.users))
        written = 0
        for record in self._batch:
            if not heard_by[record.pk]:
                continue
            text = wire.event(record)
            for user_id in heard_by[record.pk]:
                for socket in tuple(self._sockets.get(user_id, ())):
                    await socket.tell(record, text)
                    written += 1
                    if written % BREATH == 0:
                        await asyncio.sleep(0)
        self._batch = []

    async def _beat(self) -> None:
        if self._batch:
            # Its cursor would cover what has not been told.
            return
        text = wire.heartbeat(position=self.position, now=timezone.now())
        for written, socket in enumerate(self._all(), start=1):
            await socket.beat(text)
            if written % BREATH == 0:
                await asyncio.sleep(0)

    async def _look_at_head(self) -> None:
        """Over a restored database, what was told has never happened: all come back, and the hub begins anew."""
        # Taken first: who joins meanwhile may bring a newer head than the one that is being read.
        position = self.position
        head = await for_hub(head_position)
        if head < position:
            logger.warning("stream_went_back", position=position, head=head)
            self.position, self._batch = head, []
            await self._close_all()

    async def _look_at_standing(self) -> None:
        """End the sockets of those who have no business here any more, and see the others as they are now."""
        held = [(socket, socket.claims) for socket in self._all()]
        sessions = await for_hub(queries.sessions, {claims.session_id for _socket, claims in held})
        now = timezone.now()
        for socket, claims in held:
            session = sessions.get(claims.session_id)
            if socket.claims is not claims:
                # Renewed meanwhile: it was looked at then.
                continue
            if session is not None and not session.user.is_active:
                await socket.close(Close.FORBIDDEN)
            elif session is None or not _still_good(claims, session, now=now):
                await socket.close(Close.UNAUTHENTICATED)
            elif session.user_id in self.users:
                self.users[session.user_id] = session.user

    async def _close_all(self) -> None:
        for socket in self._all():
            await socket.close(Close.RESTARTING)

    async def _end(self) -> None:
        await self.roll.end()
        await self._close_all()
        await asyncio.sleep(FLUSH)


def _still_good(claims: AccessClaims, session: Session, *, now: datetime) -> bool:
    """Of a stale token the client gets a fresh one, and comes back with `after`."""
    stale = claims.version != session.user.token_version
    return session.ended_at is None and claims.expires_at > now and not stale


hub = Hub()
