"""Who looks at what, and who writes there: what the processes tell each other, and what their sockets hear of it.

Each process says what its own sockets look at, when that changes and every few seconds; all of them keep the whole
picture. So whoever comes learns at once who is there, and a process that dies is forgotten.
"""

import asyncio
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from channels.layers import get_channel_layer
from redis.exceptions import RedisError

from helpdesk.core.redis import PATIENCE
from helpdesk.realtime import groups
from helpdesk.realtime.layer import Message, Subscription

TOLD: Final = "viewing.told"
ASKED: Final = "viewing.asked"

REPEAT: Final = 15.0  # seconds after which a process says it all again
EXPIRY: Final = 40.0  # seconds after which one that does not is taken for dead; a client is told within 60
PACE: Final = 1.0  # seconds between two things that are told of one person at one place


@dataclass
class Look:
    """A person at a subject: by process, until when it counts and whether they write there."""

    user: dict[str, Any]
    places: dict[str, tuple[float, bool]] = field(default_factory=dict)

    @property
    def composing(self) -> bool:
        return any(composing for _until, composing in self.places.values())


# What a process says of a person at a subject: whether they write there, None if they have left.
State = bool | None
Key = tuple[str, int]  # subject, user id


class Viewing:
    """`own` answers what the sockets of this process look at; `tell` writes a frame to those who may hear it."""

    def __init__(
        self,
        layer: Subscription,
        *,
        own: Callable[[], Iterable[tuple[str, dict[str, Any], bool]]],
        tell: Callable[[str, int, dict[str, Any]], None],
    ) -> None:
        self._name = uuid.uuid4().hex
        self._own, self._tell = own, tell
        self._looks: dict[str, dict[int, Look]] = {}
        self._changed: dict[Key, dict[str, Any]] = {}
        self._told_at: dict[Key, float] = {}
        self._woken = asyncio.Event()
        self._asked = False
        layer.hear(TOLD, self._learn)
        layer.hear(ASKED, self._be_asked)

    def changed(self, subject: str, user: dict[str, Any]) -> None:
        """One of our sockets came to look at it, went, or began or ceased to write there."""
        self._changed[subject, user["id"]] = user
        self._woken.set()

    def frames(self, subject: str, *, but: int) -> list[dict[str, Any]]:
        """Who looks at it now."""
        looks = self._looks.get(subject, {})
        return [frame_of(subject, look.user, look.composing) for pk, look in looks.items() if pk != but]

    async def serve(self) -> None:
        """As long as there are sockets in this process."""
        await self._send({"type": ASKED, "from": self._name})
        repeat_at = time.monotonic() + REPEAT
        while True:
            try:
                async with asyncio.timeout(PACE / 4 if self._changed else PACE):
                    await self._woken.wait()
            except TimeoutError:
                pass
            self._woken.clear()
            self._expire()
            now = time.monotonic()
            if self._asked or now >= repeat_at:
                self._asked, repeat_at = False, now + REPEAT
                await self._say([(subject, user, composing) for subject, user, composing in self._own()])
            await self._say_what_changed(now)

    async def _say_what_changed(self, now: float) -> None:
        """As it is now: what changed back within the pace is not told at all."""
        due = [key for key in self._changed if now - self._told_at.get(key, -PACE) >= PACE]
        if not due:
            return
        states = {(subject, user["id"]): composing for subject, user, composing in self._own()}
        said = [(key[0], self._changed.pop(key), states.get(key)) for key in due]
        self._told_at = {key: at for key, at in self._told_at.items() if now - at < PACE} | dict.fromkeys(due, now)
        await self._say(said)

    async def _say(self, states: list[tuple[str, dict[str, Any], State]]) -> None:
        if states:
            message = {"type": TOLD, "from": self._name, "states": [list(state) for state in states]}
            # Here at once, whether there is a layer or not; what comes back over it changes nothing.
            self._learn(message)
            await self._send(message)

    async def _send(self, message: Message) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                await get_channel_layer().group_send(groups.HUBS, message)
        except (RedisError, OSError):  # TimeoutError is an OSError
            # It is all said again soon.
            pass

    def _be_asked(self, message: Message) -> None:
        if message["from"] != self._name:
            self._asked = True
            self._woken.set()

    def _learn(self, message: Message) -> None:
        until = time.monotonic() + EXPIRY
        for subject, user, composing in message["states"]:
            place = None if composing is None else (until, composing)
            self._put(subject, user, message["from"], place)

    def _put(self, subject: str, user: dict[str, Any], process: str, place: tuple[float, bool] | None) -> None:
        people = self._looks.setdefault(subject, {})
        look = people.setdefault(user["id"], Look(user))
        before = look.composing if look.places else None
        if place:
            look.places[process] = place
        else:
            look.places.pop(process, None)
        after = look.composing if look.places else None
        if after is None:
            del people[user["id"]]
            if not people:
                del self._looks[subject]
        if after != before:
            self._tell(subject, user["id"], frame_of(subject, user, after))

    def _expire(self) -> None:
        now = time.monotonic()
        dead = [
            (subject, look.user, process)
            for subject, people in self._looks.items()
            for look in people.values()
            for process, (until, _composing) in look.places.items()
            if until < now
        ]
        for subject, user, process in dead:
            self._put(subject, user, process, None)


def frame_of(subject: str, user: dict[str, Any], state: State) -> dict[str, Any]:
    kind, _colon, pk = subject.partition(":")
    left = {"left": True} if state is None else {}
    return {"type": "viewing", kind: int(pk), "user": user, "composing": bool(state), **left}
