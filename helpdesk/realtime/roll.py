"""What this process says of presence: who it holds, to Redis; and who came or went, to those whom it concerns.

Changes are told once a second, at most `TOLD` of them, as things are by then: whoever is back, or gone again, is no
news. So a thousand people who come back at once are heard of one after the other, and nobody twice.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any, Final, ParamSpec, TypeVar, cast

import orjson
import structlog
from django.utils import timezone

from helpdesk.accounts.models import User
from helpdesk.accounts.roles import Permission, roles_with
from helpdesk.api.renderers import dumps
from helpdesk.core.redis import RedisDown
from helpdesk.realtime import presence
from helpdesk.realtime.database import DOWN, for_hub
from helpdesk.realtime.ephemeral import Audience
from helpdesk.realtime.presence import Held, Sight

logger = structlog.get_logger(__name__)

P = ParamSpec("P")
T = TypeVar("T")
PassOn = Callable[..., Awaitable[None]]

TOLD: Final = 20  # changes that a process tells a second
# Frames that they may come to a second: of each one that arrives, everybody is told.
WRITTEN: Final = 4_000

# One thread: what one socket says arrives in its order, and a Redis that hangs holds up nobody else.
_REDIS: Final = ThreadPoolExecutor(max_workers=1, thread_name_prefix="presence")


async def _ask(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    return await asyncio.get_running_loop().run_in_executor(_REDIS, partial(function, *args, **kwargs))


def frame_of(user: User, sight: Sight, *, now: datetime) -> dict[str, Any]:
    """With the moment as text: the channel layer knows no other."""
    last_seen = now if sight.online else sight.last_seen
    return {
        "type": "presence_changed",
        "user": user.as_dict(),
        "online": sight.online,
        "last_seen": orjson.loads(dumps(last_seen)),
    }


def concerned(user: User) -> Audience:
    """The other side of `User.objects.reachable_by`: who may write to the user."""
    to_all = user.role in roles_with(Permission.SEE_STAFF_EVENTS)
    return Audience(agents=not to_all, everyone=to_all, but=user.pk)


class Roll:
    """The sockets of this process by the names that Redis knows them by, and the changes that are not told yet."""

    def __init__(self, *, pass_on: PassOn) -> None:
        self._pass_on = pass_on
        self._held: set[Held] = set()
        self._left: list[Held] = []
        self._saying: asyncio.Task[None] | None = None
        # Whether they came or went; in the order in which that is told.
        self.untold: dict[int, bool] = {}

    async def enter(self, user_id: int, socket_id: str, *, limit: int) -> int:
        """Register a socket; how many the user has, in all processes, or in this one while Redis is away.

        One over the limit is not registered.
        """
        held = (user_id, socket_id)
        self._held.add(held)
        presence.here[user_id] = presence.here.get(user_id, 0) + 1
        # Of somebody who opens many tabs again, the old ones do not count any more.
        while self._saying is not None:
            await asyncio.wait([self._saying])
        try:
            entry = await _ask(presence.enter, user_id, socket_id, limit=limit)
        except RedisDown:
            return presence.here.get(user_id, 0)
        if entry.sockets > limit:
            self.leave(user_id, socket_id)
        if entry.came:
            self._note([user_id], online=True)
        return entry.sockets

    def leave(self, user_id: int, socket_id: str) -> None:
        """The socket is closed; again is nothing."""
        held = (user_id, socket_id)
        if held not in self._held:
            return
        self._held.remove(held)
        self._left.append(held)
        if self._saying is None:
            self._saying = asyncio.create_task(self._say_who_left())
        if presence.here.get(user_id, 0) > 1:
            presence.here[user_id] -= 1
        else:
            presence.here.pop(user_id, None)

    async def end(self) -> None:
        """The process ends: its people come back elsewhere, and are not told of unless they do not."""
        last = [*self._left, *self._held]
        self._left.clear()
        self._held.clear()
        with suppress(RedisDown):
            await _ask(presence.leave, last, stay=presence.lifetime())

    async def serve(self) -> None:
        """Each second what has changed, and every fifteen what has not. When Redis comes back, all at once."""
        refresh_in = 0.0
        while True:
            tick = presence.lifetime() / 45_000
            await asyncio.sleep(tick)
            refresh_in -= tick
            try:
                if refresh_in <= 0:
                    self._note(await _ask(presence.refresh, list(self._held)), online=True)
                    refresh_in = presence.lifetime() / 3_000
                self._note(await _ask(presence.sweep), online=False)
                await self._tell()
            except (RedisDown, *DOWN):
                refresh_in = 0
            except Exception:
                logger.exception("presence_failed")

    async def _say_who_left(self) -> None:
        """Those who leave meanwhile go together. Without Redis they run out by themselves."""
        try:
            while self._left:
                left, self._left = self._left, []
                with suppress(RedisDown):
                    await _ask(presence.leave, left)
        finally:
            self._saying = None

    def _note(self, user_ids: Iterable[int], *, online: bool) -> None:
        for user_id in user_ids:
            self.untold.setdefault(user_id, online)
            self.untold[user_id] = online

    async def _tell(self) -> None:
        some = list(self.untold)[: min(TOLD, 1 + WRITTEN // (1 + len(self._held)))]
        if not some:
            return
        sights = await _ask(presence.known, some)
        people = await for_hub(_people, some)
        for user_id in some:
            online, user = self.untold.pop(user_id), people.get(user_id)
            # Where it is not so any more, whoever saw it change tells. Who was deactivated only goes.
            if user is not None and sights[user_id].online == online and (user.is_active or not online):
                frame = frame_of(user, sights[user_id], now=timezone.now())
                await self._pass_on(frame, to=concerned(user))


def _people(user_ids: list[int]) -> dict[int, User]:
    return cast(dict[int, User], User.objects.in_bulk(user_ids))
