"""Lists while hundreds wait for events, against the same lists while nobody does; and how long one event takes to all.

    python -m tests.benchmarks.waiting_pollers [500]        on the server that DATABASE_URL names

One Daphne. Each round asks for the list so many times while nobody waits, then while all wait, then opens a ticket and
stops the time until the first, the middle and the last of them have read it. This script and PostgreSQL use the same
cores: what it takes to read 500 answers is in the numbers.
"""

import asyncio
import json
import statistics
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
from django.db import connection

from tests.benchmarks.own_desk import UNLIMITED, own_desk
from tests.servers.programs import Daphne

POLLERS, ROUNDS, LISTS = 500, 5, 100
NO_LIMITS: Final = {**UNLIMITED, "RATE_LIMIT_ENABLED": "false", "LIST_CACHE_SECONDS": "0"}
POLL: Final = (
    b"GET /api/events/?wait=25&types=ticket_created HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n\r\n"
)
LIST: Final = "/api/tickets/?page_size=20"


@dataclass
class Found:
    """Milliseconds of a list; threads and connections of the process; milliseconds until an event was read."""

    alone: list[float] = field(default_factory=list)
    beside: list[float] = field(default_factory=list)
    threads: dict[str, int] = field(default_factory=dict)
    connections: dict[str, int] = field(default_factory=dict)
    told: list[float] = field(default_factory=list)
    last: list[float] = field(default_factory=list)


async def measure(daphne: Daphne, tokens: list[str], *, rounds: int, lists: int) -> Found:
    found = Found()
    async with httpx.AsyncClient(base_url=daphne.base_url, timeout=60) as client:
        await _lists(client, tokens[0], lists)
        for _ in range(rounds):
            found.alone += await _lists(client, tokens[0], lists)
            await _note(found, daphne, "alone")
            waiting = [asyncio.create_task(_poll(daphne, token)) for token in tokens]
            await _settled(client, tokens[0], waiting)
            found.beside += await _lists(client, tokens[0], lists)
            await _note(found, daphne, "beside")
            assert not any(poll.done() for poll in waiting), "somebody did not wait"
            began = time.perf_counter()
            opened = await client.post("/api/tickets/", json={"title": "x", "description": "x"}, headers=_as(tokens[0]))
            assert opened.status_code == 201, opened.text
            told = [(when - began) * 1000 for when in await asyncio.gather(*waiting)]
            found.told += told
            found.last.append(max(told))
    return found


async def _poll(daphne: Daphne, token: str) -> float:
    """By hand: a client's own pool of 500 connections would take seconds to give them back."""
    reader, writer = await asyncio.open_connection("127.0.0.1", daphne.port)
    writer.write(POLL % token.encode())
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].split()[0])
    body = await reader.readexactly(length)
    read = time.perf_counter()
    writer.close()
    assert head.startswith(b"HTTP/1.1 200"), head
    assert len(json.loads(body)["results"]) == 1, body
    return read


async def _lists(client: httpx.AsyncClient, token: str, number: int) -> list[float]:
    taken = []
    for _ in range(number):
        began = time.perf_counter()
        answer = await client.get(LIST, headers=_as(token))
        taken.append((time.perf_counter() - began) * 1000)
        assert answer.status_code == 200, answer.text
    return taken


async def _settled(client: httpx.AsyncClient, token: str, waiting: list[Any]) -> None:
    """Until all have had their first look: then a list is answered at once."""
    await asyncio.sleep(0.5 + len(waiting) * 0.006)
    await _lists(client, token, 3)


async def _note(found: Found, daphne: Daphne, when: str) -> None:
    found.threads[when] = max(_threads(daphne), found.threads.get(when, 0))
    connections = await asyncio.to_thread(_connections)
    found.connections[when] = max(connections, found.connections.get(when, 0))


def _threads(daphne: Daphne) -> int:
    status = Path(f"/proc/{daphne.pid}/status").read_text()
    return int(status.partition("Threads:")[2].split()[0])


def _connections() -> int:
    """Those of the server; the one that asks is not counted."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        row: tuple[int] = cursor.fetchone()
    connection.close()
    return row[0]


def people(number: int) -> list[str]:
    """The access tokens of so many agents."""
    from helpdesk.accounts.models import User
    from tests.people import access_token

    made = User.objects.bulk_create(
        User(username=f"agent-{n}", email=f"agent-{n}@example.com", role="agent", password="!") for n in range(number)
    )
    return [access_token(user) for user in made]


def show(found: Found, pollers: int) -> None:
    for name, taken in (("nobody waits", found.alone), (f"{pollers} wait", found.beside)):
        p50, p95 = statistics.median(taken), statistics.quantiles(taken, n=20)[-1]
        print(f"list, {name:14} p50 {p50:6.1f} ms   p95 {p95:6.1f} ms   of {len(taken)}")
    print(f"threads      {found.threads['alone']} while nobody waits, {found.threads['beside']} while all do")
    print(f"connections  {found.connections['alone']} while nobody waits, {found.connections['beside']} while all do")
    told = sorted(found.told)
    print(
        f"one event, from the POST: first {told[0]:.0f} ms, median {statistics.median(told):.0f} ms, "
        f"last of all {pollers} {statistics.median(found.last):.0f} ms (worst round {max(found.last):.0f} ms)"
    )


def main() -> None:
    pollers = int(sys.argv[1]) if len(sys.argv) > 1 else POLLERS
    with own_desk(**NO_LIMITS) as daphne:
        show(asyncio.run(measure(daphne, people(pollers), rounds=ROUNDS, lists=LISTS)), pollers)


def _as(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


if __name__ == "__main__":
    main()
