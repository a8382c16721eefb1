"""Requests that wait for events: one task a process looks for all of them, and none holds a thread or a connection."""

import asyncio
import time
from dataclasses import replace
from typing import Any

import structlog
from django.utils import timezone

from helpdesk.accounts.models import Session
from helpdesk.core.draining import draining
from helpdesk.events.api.waiting import A_USER, Again, Wish
from helpdesk.events.cursors import Cursor
from helpdesk.events.models import EventRecord
from helpdesk.events.queries import page_of
from helpdesk.realtime import queries
from helpdesk.realtime.database import DOWN, for_pollers
from helpdesk.realtime.hub import BREATH, POLL, STANDING, hub
from helpdesk.realtime.layer import Message, Subscription

logger = structlog.get_logger(__name__)

# A page to answer with, or why the view has to answer.
Answer = dict[str, Any] | Again


class Waiting:
    """One request. Its wish moves on with each look that found nothing for it."""

    def __init__(self, wish: Wish) -> None:
        self.wish = wish
        self.answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

    def settle(self, answer: Answer) -> None:
        if not self.answer.done():
            self.answer.set_result(answer)

    def page(self, found: list[EventRecord], *, upto: int) -> dict[str, Any]:
        head = Cursor(position=upto, at=timezone.now())
        return page_of(found, limit=self.wish.limit, head=head, at=self.wish.at).as_dict()

    def nothing(self) -> dict[str, Any]:
        return self.page([], upto=self.wish.after)


class WaitingRoom:
    def __init__(self, layer: Subscription) -> None:
        self._waiting: dict[int, set[Waiting]] = {}
        self._told = 0
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._next_standing = 0.0
        self._layer = layer
        layer.hear("stream.grew", self._hear_of_growth)

    async def wait(self, wish: Wish) -> Answer:
        """Until there is something to see, or the time is over, or this process ends."""
        mine = self._waiting.setdefault(wish.claims.user_id, set())
        if len(mine) >= A_USER:
            return Again.REFUSE
        one = Waiting(wish)
        mine.add(one)
        self._begin()
        if wish.after < self._told:
            # It was told of what came after its first look, and before it was here.
            self._woken.set()
        try:
            async with asyncio.timeout(wish.seconds):
                return await one.answer
        except TimeoutError:
            return one.nothing()
        finally:
            mine.discard(one)
            if not mine:
                self._waiting.pop(wish.claims.user_id, None)

    def all(self) -> list[Waiting]:
        return [one for mine in self._waiting.values() for one in mine]

    def _begin(self) -> None:
        self._layer.start()
        if self._task is None or self._task.done():
            self._woken = asyncio.Event()
            self._task = asyncio.create_task(self._serve())

    def _hear_of_growth(self, message: Message) -> None:
        self._told = max(self._told, message["position"] or 0)
        self._woken.set()

    async def _serve(self) -> None:
        """As long as somebody waits."""
        ending = asyncio.create_task(self._end())
        try:
            while self._waiting:
                try:
                    async with asyncio.timeout(POLL):
                        await self._woken.wait()
                except TimeoutError:
                    pass
                self._woken.clear()
                await self._look()
        finally:
            ending.cancel()

    async def _end(self) -> None:
        """A process that ends keeps nobody, also not those who come while it does."""
        await draining.begun()
        while True:
            for one in self.all():
                one.settle(one.nothing())
            await asyncio.sleep(POLL / 10)

    async def _look(self) -> None:
        waiting = self.all()
        try:
            if time.monotonic() >= self._next_standing:
                self._next_standing = time.monotonic() + STANDING
                await self._look_at_standing(waiting)
            await self._read(waiting)
        except DOWN as error:
            # They wait on: it may be back before their time is over.
            logger.warning("database_down", reason=type(error).__name__)
            await asyncio.sleep(POLL)
        except Exception:
            logger.exception("waiting_room_failed")
            for one in waiting:
                one.settle(Again.ANSWER)
            await asyncio.sleep(POLL)

    async def _look_at_standing(self, waiting: list[Waiting]) -> dict[int, Any]:
        """Those who are nobody any more are for the view to refuse; the users of the others, as they are now."""
        sessions = await for_pollers(queries.sessions, {one.wish.claims.session_id for one in waiting})
        users = {}
        for one in waiting:
            session = sessions.get(one.wish.claims.session_id)
            if session is not None and _still_good(one.wish, session):
                users[session.user_id] = session.user
            else:
                one.settle(Again.ANSWER)
        return users

    async def _read(self, waiting: list[Waiting]) -> None:
        if not waiting:
            return
        batch = await for_pollers(queries.stream_after, min(one.wish.after for one in waiting))
        if not batch:
            return
        wanted = {one: [record for record in batch if one.wish.concerns(record)] for one in waiting}
        users = await self._look_at_standing([one for one, records in wanted.items() if records])
        concerned: dict[int, set[int]] = {record.pk: set() for record in batch}
        for one, records in wanted.items():
            for record in records:
                if one.wish.claims.user_id in users:
                    concerned[record.pk].add(one.wish.claims.user_id)
        seen_by = await for_pollers(queries.readers, batch, concerned, users)
        upto = batch[-1].position or 0
        for count, (one, records) in enumerate(wanted.items(), start=1):
            found = [record for record in records if one.wish.claims.user_id in seen_by[record.pk]]
            upto_here = max(upto, one.wish.after)
            if found:
                one.settle(one.page(found, upto=upto_here))
            else:
                one.wish = replace(one.wish, after=upto_here)
            if count % BREATH == 0:
                await asyncio.sleep(0)
        if len(batch) == queries.BATCH:
            self._woken.set()


def _still_good(wish: Wish, session: Session) -> bool:
    stale = wish.claims.version != session.user.token_version
    ended = session.ended_at is not None or not session.user.is_active
    return not ended and not stale and wish.claims.expires_at > timezone.now()


room = WaitingRoom(hub.layer)
