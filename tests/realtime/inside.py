"""A socket on the hub of the test's own process, where what the hub and the socket ask PostgreSQL can be held up."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.utils import timezone

from helpdesk.events.cursors import Cursor, read_cursor
from helpdesk.realtime.handshake import Handshake
from helpdesk.realtime.socket import Socket
from tests.wire import read_frame

BODY = {
    "actor": None,
    "ticket": {"id": 1, "title": "It burns", "old_status": "open", "new_status": "in_progress"},
    "message": "Ticket #1 status changed to In Progress",
}


class Inside:
    """Speaks the protocol. `frames` are all that it was sent, but for `presence`, which comes when it likes.

    `closed` is the code with which the server ended it.
    """

    def __init__(self, token: str, *, after: str | None = None) -> None:
        said = {"token": token, "after": after, "subprotocol": "helpdesk.v1"}
        self.frames: list[Any] = []
        self.presence: list[Any] = []
        self.closed: int | None = None
        self._sent: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.socket = Socket(self._hear, Handshake(**said, speaks_protocol=True, origin_allowed=True))
        self._serving = asyncio.create_task(self.socket.serve(self._sent.get))

    async def _hear(self, message: dict[str, Any]) -> None:
        if message["type"] == "websocket.close":
            self.closed = message["code"]
        else:
            frame = read_frame(message["text"])
            (self.presence if frame["type"] == "presence_changed" else self.frames).append(frame)

    def send(self, frame: dict[str, Any]) -> None:
        self._sent.put_nowait({"type": "websocket.receive", "text": json.dumps(frame)})

    def of(self, *types: str) -> list[Any]:
        return [frame for frame in self.frames if frame["type"] in types]

    def events(self) -> list[int]:
        """The positions of the events that it heard."""
        return [position(frame) for frame in self.frames if "id" in frame]

    async def leave(self) -> None:
        self._sent.put_nowait({"type": "websocket.disconnect"})
        await self._serving


class Held:
    """What the hub or the sockets ask PostgreSQL: the questions `asked` and `answered`, and when an answer comes.

    `gates[queries.missed] = asyncio.Event()` holds its answers back until the event is set; `delay()` is in seconds.
    """

    def __init__(self, ask: Callable[..., Any]) -> None:
        self._ask = ask
        self.asked: list[Callable[..., Any]] = []
        self.answered: list[Callable[..., Any]] = []
        self.gates: dict[Callable[..., Any], asyncio.Event] = {}
        self.delay: Callable[[], float] = lambda: 0

    async def __call__(self, question: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        self.asked.append(question)
        await asyncio.sleep(self.delay())
        answer = await self._ask(question, *args, **kwargs)
        self.answered.append(question)
        if question in self.gates:
            await self.gates[question].wait()
        await asyncio.sleep(self.delay())
        return answer


def position(frame: Any) -> int:
    return read_cursor(frame["cursor"], now=timezone.now()).position


def cursor(position: int) -> str:
    return str(Cursor(position=position, at=timezone.now()))


async def soon(check: Callable[[], Any], *, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, "still not so"
        await asyncio.sleep(0.01)


def many_events(count: int, *, audience: int = 0, to_agents: bool = False, body: Any = None) -> int:
    """So many at once about the only ticket there is, behind the newest; where they end."""
    with connection.cursor() as statement:
        statement.execute(
            """
            INSERT INTO events_eventrecord (type, subject_type, subject_id, staff_only, occurred_at, data, body, changes,
                                            audience, pushed_to_agents, position)
            SELECT 'status_changed', 'ticket', (SELECT id FROM tickets_ticket), false, now(), '{}', %s, '{}',
                   ARRAY[%s], %s, (SELECT max(position) FROM events_eventrecord) + number
              FROM generate_series(1, %s) AS number
            RETURNING position
            """,
            [json.dumps(body or BODY), audience, to_agents, count],
        )
        return max(row[0] for row in statement.fetchall())
