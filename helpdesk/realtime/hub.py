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
from helpdesk.core.draining import draining
from helpdesk.events.models import EventRecord
from helpdesk.events.queries import head_position
from helpdesk.realtime import asgi, ephemeral, queries, restarting, wire
from helpdesk.realtime.closing import Close
from helpdesk.realtime.database import DOWN, for_hub
from helpdesk.realtime.ephemeral import Audience
from helpdesk.realtime.layer import Message, Subscription
from helpdesk.realtime.roll import Roll
from helpdesk.realtime.viewing import Viewing

if TYPE_CHECKING:
    from helpdesk.realtime.socket import Socket

logger = structlog.get_logger(__name__)

POLL: Final = 1.0  # seconds between two looks when nobody wakes the hub
STANDING: Final = 2.0  # seconds between two looks at roles, sessions and bans
SOCKETS_A_USER: Final = 20
# The loop serves somebody else after so many frames.
BREATH: Final = 100
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
        self.viewing = Viewing(self.layer, own=self._looks, tell=self._tell_of_look)
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
            self.layer.start()
            serving = (self._serve, self._pass_frames, self.viewing.serve, self.roll.serve)
            self._tasks = [asyncio.create_task(serve()) for serve in serving]
        return True

    def leave(self, socket: "Socket") -> None:
        mine = self._sockets.get(socket.user_id)
        if mine is None or socket not in mine:
            return
        mine.remove(socket)
        if socket.looking_at:
            self.viewing.changed(socket.looking_at, self.users[socket.user_id].as_dict())
        self.roll.leave(socket.user_id, socket.name)
        if not mine:
            del self._sockets[socket.user_id]
            del self.users[socket.user_id]
        if not self._sockets:
            # So that it forgets how far it was.
            self._woken.set()

    async def settled(self) -> int:
        """How far everybody who is live has been told, all of it."""
        while self._batch:  # noqa: ASYNC110 - rare, and over within milliseconds
            await asyncio.sleep(0.01)
        return self.position

    def others_hear(self, socket: "Socket", subject: str) -> bool:
        """Whether another socket of the same session here subscribed to it, too."""
        mine = self._sockets.get(socket.user_id, ())
        session_id = socket.claims.session_id
        return any(subject in o.subjects and o.claims.session_id == session_id for o in mine if o is not socket)

    def _looks(self) -> list[tuple[str, dict[str, Any], bool]]:
        """What the people here look at, and whether they write there, on any of their sockets."""
        looks: dict[tuple[str, int], bool] = {}
        for user_id, mine in self._sockets.items():
            for socket in mine:
                if subject := socket.looking_at:
                    looks[subject, user_id] = looks.get((subject, user_id), False) or socket.composing
        return [(subject, self.users[pk].as_dict(), composing) for (subject, pk), composing in looks.items()]

    def _tell_of_look(self, subject: str, user_id: int, frame: dict[str, Any]) -> None:
        self._hear_of_frame(ephemeral.message_of(frame, Audience(subject=subject, but=user_id)))

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
            try:
                await self._pass_frame(message["frame"], Audience(**message["audience"]))
            except Exception:
                # Of another release, perhaps. The next ones are passed on all the same.
                logger.exception("frame_not_passed")

    async def _pass_frame(self, frame: dict[str, Any], audience: Audience) -> None:
        meant = self._meant(audience)
        if audience.subject and meant:
            meant = await self._who_see(audience, meant)
        encoded = asgi.Frame(wire.text(frame))
        for written, socket in enumerate(meant, start=1):
            await socket.hint(encoded)
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
            or (audience.subject and audience.subject in (*socket.subjects, socket.looking_at))
        ]

    async def _who_see(self, audience: Audience, meant: list["Socket"]) -> list["Socket"]:
        """Without those who are only meant for its subject, and may not see it any more."""
        kind, _colon, pk = audience.subject.partition(":")
        users = {socket.user_id: socket.user for socket in meant if socket.user.is_agent}
        try:
            seers = await for_hub(queries.seers, kind, int(pk), users)
        except DOWN:
            seers = set()
        return [socket for socket in meant if socket.user_id in seers]

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
        heard_by = await for_hub(queries.hearers, self._batch, dict(self.users), self._subscribers())
        written = 0
        for record in self._batch:
            if not heard_by[record.pk]:
                continue
            frame = asgi.Frame(wire.event(record))
            for user_id, hearing in heard_by[record.pk].items():
                for socket in tuple(self._sockets.get(user_id, ())):
                    told = hearing.subscribed if record.topic in socket.subjects else hearing.all
                    await socket.tell(record, told, frame)
                    written += 1
                    if written % BREATH == 0:
                        await asyncio.sleep(0)
        self._batch = []

    def _subscribers(self) -> dict[str, set[int]]:
        topics = {record.topic for record in self._batch}
        found: dict[str, set[int]] = {}
        for socket in self._all():
            for topic in socket.subjects & topics if socket.subjects else ():
                found.setdefault(topic, set()).add(socket.user_id)
        return found

    async def _beat(self) -> None:
        if self._batch:
            # Its cursor would cover what has not been told.
            return
        frame = asgi.Frame(wire.heartbeat(position=self.position, now=timezone.now()))
        for written, socket in enumerate(self._all(), start=1):
            await socket.beat(frame)
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

    async def end(self) -> None:
        """The process ends: close all, in waves. Who comes now is not taken in any more."""
        await self.roll.end()
        await self._close_all(in_waves=True)

    async def _close_all(self, *, in_waves: bool = False) -> None:
        sockets = self._all()
        for closed, socket in enumerate(sockets, start=1):
            await socket.close(Close.RESTARTING, reason=restarting.hint(len(sockets)))
            if closed % restarting.WAVE == 0:
                await asyncio.sleep(restarting.pause(len(sockets)) if in_waves else 0)


def _still_good(claims: AccessClaims, session: Session, *, now: datetime) -> bool:
    """Of a stale token the client gets a fresh one, and comes back with `after`."""
    stale = claims.version != session.user.token_version
    return session.ended_at is None and claims.expires_at > now and not stale


hub = Hub()
draining.before_end(hub.end)
