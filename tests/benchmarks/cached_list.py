"""A list from the cache against the same list from the database, and both against the health check.

    python -m tests.benchmarks.cached_list       against DATABASE_URL and REDIS_URL, with demo data in it

Two Daphnes on the same rows, one with the cache and one without, asked in turns (A B A B …) over eight connections. CPU is
that of the server's process. The limiter is off in both. Nothing stays in the database.
"""

import asyncio
import os
import platform
import statistics
import tempfile
import time
from pathlib import Path

import httpx

from tests.servers.process import Server
from tests.servers.programs import Daphne

ROUNDS, SECONDS, CONNECTIONS, ROWS = 5, 4.0, 8, 20
Sample = tuple[float, float]  # requests a second, milliseconds of CPU a request


def main() -> None:
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.test"
    django.setup()
    from django.db import connection

    from helpdesk.accounts.models import Session, User
    from tests.people import access_token

    agent = User.objects.agents().order_by("pk").first()
    assert agent is not None, "no agent: fill the database with generate_fake_data first"
    token = access_token(agent)
    with tempfile.TemporaryDirectory(prefix="hd-") as directory:
        servers = {
            name: Daphne(env={"LIST_CACHE_SECONDS": seconds}, directory=Path(directory))
            for name, seconds in {"database": "0", "cache": "300"}.items()
        }
        try:
            for server in servers.values():
                server.start()
            print_machine(connection.pg_version)
            compare(servers, token)
        finally:
            for server in servers.values():
                server.kill()
            Session.objects.filter(user=agent).order_by("-created_at")[:1].get().delete()


def compare(servers: dict[str, Daphne], token: str) -> None:
    asked = {
        "database": (servers["database"], f"/api/tickets/?page_size={ROWS}"),
        "cache": (servers["cache"], f"/api/tickets/?page_size={ROWS}"),
        "health": (servers["cache"], "/healthz"),
    }
    bodies = {name: httpx.get(server.base_url + path, headers=_bearer(token)) for name, (server, path) in asked.items()}
    assert bodies["cache"].status_code == bodies["database"].status_code == 200
    samples: dict[str, list[Sample]] = {name: [] for name in asked}
    for round_ in range(ROUNDS + 1):
        for name, (server, path) in asked.items():
            sample = asyncio.run(measure(server, path, token))
            if round_:  # the first warms up
                samples[name].append(sample)
    for name, values in samples.items():
        rate, cpu = (statistics.median(column) for column in zip(*values, strict=True))
        print(f"{name:9} {rate:7.0f} requests/s {cpu:6.2f} ms CPU/request")
    by_rate, by_cpu = (
        [
            mine / theirs
            for mine, theirs in zip(column(samples["cache"], n), column(samples["database"], n), strict=True)
        ]
        for n in (0, 1)
    )
    print(f"cache : database = {statistics.median(by_rate):.2f} x requests/s, {statistics.median(by_cpu):.2f} x CPU")


def column(samples: list[Sample], number: int) -> list[float]:
    return [sample[number] for sample in samples]


async def measure(server: Daphne, path: str, token: str) -> Sample:
    done, deadline = 0, time.monotonic() + SECONDS

    async def ask(client: httpx.AsyncClient) -> None:
        nonlocal done
        while time.monotonic() < deadline:
            (await client.get(path)).raise_for_status()
            done += 1

    async with httpx.AsyncClient(base_url=server.base_url, headers=_bearer(token)) as client:
        before, began = cpu_seconds(server), time.monotonic()
        await asyncio.gather(*(ask(client) for _ in range(CONNECTIONS)))
        return done / (time.monotonic() - began), (cpu_seconds(server) - before) / done * 1000


def cpu_seconds(server: Server) -> float:
    fields = Path(f"/proc/{server.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def print_machine(postgres: int) -> None:
    load, cores = os.getloadavg()[0], os.cpu_count() or 1
    print(
        f"{platform.processor() or platform.machine()}, {cores} cores, load {load:.2f}, Python {platform.python_version()}"
    )
    print(
        f"PostgreSQL {postgres // 10_000}, {ROUNDS} rounds of {SECONDS:.0f} s, {CONNECTIONS} connections, {ROWS} rows"
    )
    if load > cores:
        print("NOT VALID: more work waits than there are cores")


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


if __name__ == "__main__":
    main()
