"""A client of the notifications socket, to copy. Needs `pip install httpx websockets`.

    async with Notifications(url, get_token=SignIn(url, "agent_1", "testpass123")) as desk:
        async for frame in desk:
            print(frame["type"], frame.get("message"))

Every event comes once and in order, whatever happens to the connection in between. Keep `desk.cursor` and give it as
`after` to go on from there after a restart of the program. As a program it prints what happens:

    python notifications.py http://127.0.0.1:8000 agent_1 testpass123
"""

import asyncio
import base64
import json
import random
import re
import secrets
import sys
import time
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage

Frame = dict[str, Any]

STOP = {4403, 4404}
UNAUTHENTICATED = 4401
RESTARTING = 1012
# The least to wait, in seconds: where coming back at once would make it worse.
PATIENCE = {1013: 2.0, 4409: 15.0, 4429: 5.0}
SHORTEST, LONGEST = 0.25, 30.0
STABLE = 5.0
OPENING = 15.0
REMEMBERED = 10_000
LARGEST_FRAME = 64 * 1024
# A second. The server ends who sends more than 20, and the network may bring them closer together.
FRAMES = 10

# Taken by the client itself; all other frames are handed on.
_OWN = {"heartbeat", "pong", "ack"}


class SignedOut(Exception):
    """Nobody is signed in any more: asking again is of no use."""


class Refused(Exception):
    """What the server said to a frame of ours."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


class Closed(Exception):
    """The server does not want us back: 4403, 4404, or credentials that were refused twice."""

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(f"{code} {reason}".strip())
        self.code = code


class Notifications:
    """Iterate over it: events, and the frames that are true for a moment (`typing`, `viewing`, `presence_changed`, …).

    `{"type": "welcome", …}` comes with each connection. If its `recovered` is false, what was missed is too old to be
    told: read everything anew by REST.
    """

    def __init__(
        self,
        url: str,
        *,
        get_token: Callable[[bool], Awaitable[str]],
        after: str = "",
        silence: float | None = None,
        on_state: Callable[[Frame], None] = lambda _state: None,
    ) -> None:
        """`get_token(refresh)` gives an access token, a fresh one if `refresh`, or raises `SignedOut`.

        `silence` is how many seconds without a frame mean that the connection is dead; otherwise two heartbeats.
        """
        self.cursor = after
        self._url = url.replace("http", "ws", 1).rstrip("/") + "/ws/notifications/"
        self._get_token = get_token
        self._silence = silence
        self._on_state = on_state
        self._socket: ClientConnection | None = None
        self._seen: OrderedDict[int, None] = OrderedDict()
        self._tickets: set[int] = set()
        self._view: Frame | None = None
        self._unanswered: dict[str, tuple[Frame, asyncio.Future[int]]] = {}
        self._outbox: deque[str] = deque()
        self._has_post = asyncio.Event()
        self._wanted = asyncio.Event()
        self._wanted.set()
        self._closed = False
        self._attempts = 0
        self._refused = False
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "Notifications":
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.close()

    async def __aiter__(self) -> AsyncIterator[Frame]:
        refresh = False
        while not self._closed:
            await self._wanted.wait()
            code, reason, opened = 1006, "", time.monotonic()
            try:
                self._on_state({"status": "connecting"})
                token = await self._get_token(refresh)
                opened = time.monotonic()
                async for frame in self._connection(token):
                    yield frame
            except ConnectionClosed as end:
                code, reason = (end.rcvd.code, end.rcvd.reason) if end.rcvd else (1006, "")
            except SignedOut as end:
                self._end(UNAUTHENTICATED)
                raise Closed(UNAUTHENTICATED, str(end)) from end
            except (OSError, EOFError, TimeoutError, httpx.HTTPError, InvalidHandshake, InvalidMessage) as problem:
                reason = str(problem)
            if self._closed or not self._wanted.is_set():
                continue
            if code in STOP or (code == UNAUTHENTICATED and self._refused):
                self._end(code)
                raise Closed(code, reason)
            # The token may just have expired. A second refusal, of a fresh one, is meant.
            self._refused = refresh = self._refused or code == UNAUTHENTICATED
            if time.monotonic() - opened > STABLE:
                self._attempts = 0
            delay = self._delay(code, reason)
            self._on_state({"status": "waiting", "code": code, "reason": reason, "delay": delay})
            await asyncio.sleep(delay)

    def start(self) -> None:
        """After `pause()`."""
        self._wanted.set()

    async def pause(self) -> None:
        """Hang up until `start()`. What happens meanwhile is told afterwards."""
        self._wanted.clear()
        self._on_state({"status": "paused"})
        if self._socket:
            await self._socket.close()

    async def close(self) -> None:
        self._end(1000)
        if self._socket:
            await self._socket.close()

    async def subscribe(self, *tickets: int) -> None:
        """Agents: hear of these tickets although they are assigned to others."""
        self._tickets.update(tickets)
        self._send({"type": "subscribe", "tickets": list(tickets)})

    async def unsubscribe(self, *tickets: int) -> None:
        self._tickets.difference_update(tickets)
        self._send({"type": "unsubscribe", "tickets": list(tickets)})

    async def viewing(self, ticket: int | None, *, composing: bool = False) -> None:
        """Tell others who look at this ticket; None for none. Said again after each reconnect."""
        view = {"type": "viewing", "ticket": ticket, "composing": composing}
        self._view = None if ticket is None else view
        self._send(view)

    async def typing(self, conversation: int) -> None:
        self._send({"type": "typing", "conversation": conversation})

    async def send_message(self, conversation: int, content: str, *, ref: str = "") -> int:
        """Write in a conversation: sent again, under the same `ref`, until the server has it. Answers with its id.

        While it waits, somebody has to iterate.
        """
        ref = ref or secrets.token_hex(16)
        frame = {"type": "chat_message", "conversation": conversation, "content": content, "ref": ref}
        if len(json.dumps(frame).encode()) > LARGEST_FRAME:
            raise Refused("too_large", "A message of more than 64 KiB cannot be sent.")
        if self._closed:
            raise Refused("closed", "The connection was closed.")
        answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._unanswered[ref] = frame, answer
        self._send(frame)
        return await answer

    async def _connection(self, token: str) -> AsyncIterator[Frame]:
        """One connection, to its end."""
        address = self._url + (self.cursor and f"?after={self.cursor}")
        protocols: Any = ["helpdesk.v1", f"bearer.{token}"]
        async with connect(address, subprotocols=protocols, open_timeout=OPENING, close_timeout=2) as socket:
            self._socket = socket
            self._outbox.clear()
            beside = [asyncio.create_task(self._post(socket)), asyncio.create_task(self._renew(token))]
            # Before the welcome, so that what was missed comes for these tickets too.
            if self._tickets:
                self._send({"type": "subscribe", "tickets": sorted(self._tickets)})
            silence = OPENING
            try:
                while True:
                    async with asyncio.timeout(silence):
                        frame = json.loads(await socket.recv())
                    if frame["type"] == "welcome":
                        silence = self._silence or 2 * frame["heartbeat"]
                        self._welcomed(frame)
                    if self._is_news(frame):
                        yield frame
                    # Behind the yield: what was being looked at when the program ended comes again.
                    if "id" in frame or frame["type"] in {"welcome", "heartbeat"}:
                        self.cursor = frame.get("cursor", self.cursor)
            except TimeoutError:
                socket.transport.abort()  # a dead connection would not answer
                raise
            finally:
                self._socket = None
                for task in beside:
                    task.cancel()
                # The token could not be renewed, for good.
                for task in beside:
                    if task.done() and not task.cancelled() and (error := task.exception()):
                        raise error

    def _welcomed(self, welcome: Frame) -> None:
        self._refused = False
        self._on_state({"status": "open", "user": welcome["user"], "recovered": welcome["recovered"]})
        if self._view:
            self._send(self._view)
        for frame, _answer in self._unanswered.values():
            self._send(frame)

    def _is_news(self, frame: Frame) -> bool:
        if frame["type"] == "ack":
            self._answered(frame["ref"], result=frame["id"])
        if frame["type"] == "error":
            return self._complained(frame)
        if "id" not in frame or frame["type"] in _OWN:
            return frame["type"] not in _OWN
        if frame["id"] in self._seen:
            return False
        self._seen[frame["id"]] = None
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        return True

    def _complained(self, error: Frame) -> bool:
        """Whether it is handed on."""
        ref = error.get("ref")
        if ref not in self._unanswered:
            return True
        if error["code"] == "unavailable":
            self._beside(self._send_later(self._unanswered[ref][0]))
        else:
            self._answered(ref, error=Refused(error["code"], error["detail"]))
        return False

    def _answered(self, ref: str, *, result: int = 0, error: Exception | None = None) -> None:
        _frame, answer = self._unanswered.pop(ref, (None, None))
        if answer and not answer.done():
            answer.set_exception(error) if error else answer.set_result(result)

    def _delay(self, code: int, reason: str) -> float:
        # Whoever restarts says when to come back, to each something else.
        if code == RESTARTING and (hint := re.search(r"\d+(\.\d+)?", reason)):
            return float(hint[0])
        longest = min(SHORTEST * 2.0**self._attempts, LONGEST)
        self._attempts += 1
        return longest * random.uniform(0.5, 1) + PATIENCE.get(code, 0)

    def _end(self, code: int) -> None:
        if self._closed:
            return
        self._closed = True
        self._wanted.set()
        for ref in list(self._unanswered):
            self._answered(ref, error=Refused("closed", "The connection was closed."))
        for task in self._tasks:
            task.cancel()
        self._on_state({"status": "closed", "code": code})

    async def _renew(self, token: str) -> None:
        """In place, before it expires; the server says nothing to it, unless it is bad."""
        while (left := _expiry(token) - time.time()) > 0:  # not at all where it is not known: 4401 will say so
            await asyncio.sleep(left - min(60, left / 4))
            while True:
                try:
                    token = await self._get_token(True)
                    break
                except SignedOut:
                    if self._socket:
                        await self._socket.close()
                    raise
                except (OSError, httpx.HTTPError):
                    await asyncio.sleep(PATIENCE[1013])
            self._send({"type": "auth", "token": token})

    def _send(self, frame: Frame) -> None:
        if self._socket:
            self._outbox.append(json.dumps(frame))
            self._has_post.set()

    async def _send_later(self, frame: Frame) -> None:
        await asyncio.sleep(PATIENCE[1013])
        self._send(frame)

    async def _post(self, socket: ClientConnection) -> None:
        sent: deque[float] = deque(maxlen=FRAMES)
        with suppress(ConnectionClosed):
            while True:
                await self._has_post.wait()
                self._has_post.clear()
                while self._outbox:
                    if len(sent) == FRAMES and (early := sent[0] + 1 - time.monotonic()) > 0:
                        await asyncio.sleep(early)
                    await socket.send(self._outbox.popleft())
                    sent.append(time.monotonic())

    def _beside(self, what: Any) -> None:
        task = asyncio.create_task(what)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class SignIn:
    """A `get_token` for a name and a password: signs in, and refreshes as long as the session lasts."""

    def __init__(self, url: str, username: str, password: str) -> None:
        self._url = url.rstrip("/")
        self._credentials = {"username": username, "password": password}
        self._tokens: dict[str, str] = {}

    async def __call__(self, refresh: bool) -> str:
        if not self._tokens or refresh:
            renewed = self._tokens and await self._ask("token/refresh/", {"refresh": self._tokens["refresh"]})
            if not renewed and not await self._ask("token/", self._credentials):
                raise SignedOut("The name or the password is wrong.")
        return self._tokens["access"]

    async def _ask(self, path: str, body: dict[str, str]) -> bool:
        async with httpx.AsyncClient() as http:
            answer = await http.post(f"{self._url}/api/auth/{path}", json=body)
        if answer.status_code == 429 or answer.is_server_error:
            answer.raise_for_status()
        if answer.is_success:
            self._tokens = answer.json()
        return answer.is_success


def _expiry(token: str) -> float:
    """0 where it is not known."""
    try:
        claims = token.split(".")[1]
        return float(json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["exp"])
    except (IndexError, KeyError, TypeError, ValueError):
        return 0.0


async def main(url: str, username: str, password: str) -> None:
    async with Notifications(url, get_token=SignIn(url, username, password)) as desk:
        async for frame in desk:
            print(frame.get("message") or json.dumps(frame), flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4]))
