"""300 connections and 1,000 sockets at once, with the configuration as it is shipped: no 5xx, no socket lost.

    python -m tests.benchmarks.crowd [REQUESTS]      each connection's, 6 by default; on the server that DATABASE_URL names

Each connection is kept and has a user of its own, who reads the list and one ticket, and opens tickets; each of the
sockets belongs to an agent and hears of every one of them. Then the server is asked to end, with all of that there.
Nothing is turned off or raised, the limits of requests included.
"""

import asyncio
import collections
import json
import os
import statistics
import sys
import time
from typing import Any, Final

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.servers.programs import Daphne

CONNECTIONS: Final = 300
SOCKETS: Final = 1000
A_USER: Final = 20
REQUESTS: Final = 6
SHIPPED: Final = {"RATE_LIMIT_ENABLED": "true"}


def main() -> int:
    from tests.benchmarks.own_desk import own_desk

    requests = int(sys.argv[1]) if len(sys.argv) > 1 else REQUESTS
    os.environ["LOG_LEVEL"] = "WARNING"
    with own_desk(**SHIPPED) as daphne:
        from tests.people import AgentFactory, UserFactory, access_token

        agents = [access_token(user) for user in AgentFactory.create_batch(SOCKETS // A_USER)]
        customers = [access_token(user) for user in UserFactory.create_batch(CONNECTIONS)]
        return asyncio.run(crowd(daphne, agents, customers, requests))


class Listener:
    """One socket: the tickets that it heard of, and how it ended."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.tickets: list[int] = []
        self.close: tuple[int, str] | None = None
        self.closed_at = 0.0

    async def listen(self) -> None:
        try:
            async for text in self.connection:
                frame = json.loads(text)
                if frame["type"] == "ticket_created":
                    self.tickets.append(frame["ticket"]["id"])
        except ConnectionClosed:
            pass
        self.closed_at = time.monotonic()
        self.close = (self.connection.close_code or 1006, self.connection.close_reason or "")


async def crowd(daphne: Daphne, agents: list[str], customers: list[str], requests: int) -> int:
    listeners = await open_all(daphne, agents)
    listening = [asyncio.create_task(listener.listen()) for listener in listeners]
    began = time.monotonic()
    statuses: collections.Counter[int] = collections.Counter()
    times: list[float] = []
    opened: list[int] = []
    await asyncio.gather(*(visit(daphne, token, requests, statuses, times, opened) for token in customers))
    took = time.monotonic() - began
    deadline = time.monotonic() + 60
    while any(len(listener.tickets) < len(opened) for listener in listeners) and time.monotonic() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(0.1)
    lost = [listener for listener in listeners if listener.close]
    complete = sum(sorted(listener.tickets) == sorted(opened) for listener in listeners)
    began = time.monotonic()
    daphne.terminate()
    code = await asyncio.to_thread(daphne.wait, seconds=40)
    ended = time.monotonic() - began
    await asyncio.gather(*listening)

    cuts = statistics.quantiles(times, n=100)
    print(
        f"{CONNECTIONS} connections, {sum(statuses.values())} requests in {took:.1f} s: {dict(sorted(statuses.items()))}"
    )
    print(f"  p50 {cuts[49]:.2f} s, p95 {cuts[94]:.2f} s, p99 {cuts[98]:.2f} s")
    print(f"{SOCKETS} sockets: {len(lost)} lost, {complete} heard of all {len(opened)} tickets")
    report_end(listeners, began=began, ended=ended, code=code)
    failed = sum(count for status, count in statuses.items() if status >= 500 or status == 0)
    return int(bool(failed or lost or complete < SOCKETS or code))


def report_end(listeners: list[Listener], *, began: float, ended: float, code: int) -> None:
    codes = collections.Counter(listener.close[0] for listener in listeners if listener.close)
    moments = [listener.closed_at - began for listener in listeners]
    hints = [float(listener.close[1].partition("=")[2] or 0) for listener in listeners if listener.close]
    back = collections.Counter(int(moment + hint) for moment, hint in zip(moments, hints, strict=True))
    print(
        f"SIGTERM: exit {code} after {ended:.1f} s; closes {dict(codes)}, from {min(moments):.2f} to {max(moments):.2f} s"
    )
    print(f"  asked to come back after {min(hints)} to {max(hints)} s; most within one second: {max(back.values())}")


async def open_all(daphne: Daphne, tokens: list[str]) -> list[Listener]:
    gate = asyncio.Semaphore(50)

    async def open_one(token: str) -> Listener:
        async with gate:
            protocols: Any = ["helpdesk.v1", f"bearer.{token}"]
            options: Any = {"open_timeout": 60, "proxy": None, "max_queue": None, "ping_interval": None}
            connection = await connect(f"{daphne.ws_url}/ws/notifications/", subprotocols=protocols, **options)
            assert json.loads(await connection.recv())["type"] == "welcome"
            return Listener(connection)

    return await asyncio.gather(*(open_one(token) for token in tokens for _ in range(A_USER)))


async def visit(
    daphne: Daphne,
    token: str,
    requests: int,
    statuses: "collections.Counter[int]",
    times: list[float],
    opened: list[int],
) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    last = ""
    async with httpx.AsyncClient(base_url=daphne.base_url, headers=headers, timeout=120) as http:
        for number in range(requests):
            began = time.monotonic()
            try:
                if number % 3 == 0:
                    body = {"title": "In a crowd", "description": "One of many."}
                    answer = await http.post("/api/tickets/", json=body)
                else:
                    answer = await http.get(f"/api/tickets/{last if number % 3 == 1 else ''}")
            except httpx.HTTPError as error:
                print(f"  {type(error).__name__}: {error}")
                statuses[0] += 1
                continue
            times.append(time.monotonic() - began)
            statuses[answer.status_code] += 1
            if answer.status_code == 201:
                opened.append(answer.json()["id"])
                last = f"{answer.json()['id']}/"


if __name__ == "__main__":
    sys.exit(main())
