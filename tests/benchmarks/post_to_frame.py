"""From the moment a request is sent until another person's socket has the event: a ticket is opened, an agent hears it.

    python -m tests.benchmarks.post_to_frame       on the server that DATABASE_URL names; needs no data

A thousand times while nothing else happens, and a thousand times while four others write comments as fast as they can.
"""

import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from tests.benchmarks.fan_out import print_load
from tests.servers.process import ROOT
from tests.servers.programs import Daphne
from tests.sockets.thin import Thin

TRIES, WRITERS, WARM_UP = 1_000, 4, 20


def main() -> None:
    from tests.benchmarks.own_desk import UNLIMITED, own_desk

    with own_desk(**UNLIMITED, RATE_LIMIT_USER="999999/min") as daphne:
        compare(daphne)


def compare(daphne: Daphne) -> None:
    from tests.factories import ticket_of
    from tests.people import AgentFactory, UserFactory, access_token
    from tests.sockets.crowd import Crowd

    ada, grace, joan = UserFactory(username="ada"), AgentFactory(username="grace"), UserFactory(username="joan")
    # Nobody else hears what is written here.
    path = f"/api/tickets/{ticket_of(joan).pk}/comments/"
    writer, loads = access_token(joan), [os.getloadavg()[0]]
    with Crowd() as crowd:
        [client] = crowd.open(daphne, [access_token(grace)])
        with httpx.Client(base_url=daphne.base_url, headers=_bearer(access_token(ada))) as http:
            measure(http, client, tries=WARM_UP)
            report("alone", *measure(http, client))
            with writing(daphne, path, writer):
                report(f"beside {WRITERS} writers", *measure(http, client))
                loads.append(os.getloadavg()[0])
    print_load(loads)


def measure(http: httpx.Client, client: Thin, *, tries: int = TRIES) -> tuple[list[float], list[float]]:
    """Milliseconds until the frame was there, and until the answer was."""
    frames, answers = [], []
    for number in range(tries):
        client.arrivals.clear()
        heard = threading.Event()
        client.on_event = heard.set
        began = time.monotonic()
        answer = http.post("/api/tickets/", json={"title": f"Printer {number}", "description": "It burns."})
        answers.append((time.monotonic() - began) * 1000)
        assert answer.status_code == 201, answer.text
        assert heard.wait(10), "no frame within ten seconds"
        frames.append((client.arrivals[0] - began) * 1000)
    return frames, answers


def report(name: str, frames: list[float], answers: list[float]) -> None:
    for what, values in (("POST to frame", frames), ("POST to answer", answers)):
        hundredths = statistics.quantiles(values, n=100)
        shown = ", ".join(f"p{part} {hundredths[part - 1]:.1f}" for part in (50, 95, 99))
        print(f"{name}: {what} {shown} ms, {len(values)} tries")


@contextmanager
def writing(daphne: Daphne, path: str, token: str) -> Iterator[None]:
    """Each in a process of its own, so that it takes nothing from who measures."""
    command = [sys.executable, "-m", "tests.benchmarks.post_to_frame", daphne.base_url + path, token]
    processes = [subprocess.Popen(command, cwd=ROOT) for _ in range(WRITERS)]
    try:
        time.sleep(2)
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def write(url: str, token: str) -> None:
    with httpx.Client(headers=_bearer(token), timeout=30) as http:
        while True:
            http.post(url, json={"content": "Water helps."}).raise_for_status()


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


if __name__ == "__main__":
    write(*sys.argv[1:]) if len(sys.argv) > 1 else main()
