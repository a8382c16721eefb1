"""One event to a thousand sockets, against a loop that sends the same bytes to a thousand.

    python -m tests.benchmarks.fan_out           on the server that DATABASE_URL names; needs no data
    python -m tests.benchmarks.fan_out 5000      so many sockets, without the loop: is anything lost?

Both thousands hang on one Daphne and are told in turns (A B A B …). The hub's time begins when the event is committed
and its wake-up sent, so it includes reading PostgreSQL; the loop's, when the frame that starts it is sent. CPU is that
of the server's process, all threads.
"""

import asyncio
import os
import statistics
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks.audience import Audience, Heard
from tests.servers.process import Server
from tests.servers.programs import Daphne

SOCKETS, ROUNDS, EACH = 1_000, 5, 10
TARGETS = {"cpu": 1.15, "first": 0.6, "median": None, "last": 1.3}
BURST = 20
Sample = dict[str, float]


def main(sockets: int | None) -> None:
    from tests.benchmarks.own_desk import UNLIMITED, own_desk

    with own_desk(application="tests.benchmarks.raw_socket:application", **UNLIMITED) as daphne:
        if sockets is None:
            compare(daphne)
        else:
            count(daphne, sockets)


def compare(daphne: Daphne) -> None:
    tokens = agents(SOCKETS)
    loads: list[float] = []
    with Audience() as hub, Audience() as raw:
        hub.open(port=daphne.port, path="/ws/notifications/", tokens=tokens)
        raw.open(port=daphne.port, path="/ws/raw/", tokens=[""] * SOCKETS)
        tell, text = teller(daphne)
        start = starter(daphne, text)
        samples: dict[str, list[Sample]] = {"hub": [], "raw": []}
        for round_ in range(ROUNDS + 1):
            loads.append(os.getloadavg()[0])
            for name, audience, trigger in (("hub", hub, tell), ("raw", raw, start)):
                taken = [sample(daphne, audience, trigger) for _ in range(EACH)]
                if round_:  # the first warms up
                    samples[name].append({key: statistics.median(one[key] for one in taken) for key in TARGETS})
    report(samples, len(text), loads)


def sample(daphne: Daphne, audience: Audience, trigger: Callable[[], float]) -> Sample:
    before = cpu_seconds(daphne)
    heard = audience.hear(trigger)
    assert (heard.frames, heard.lost) == (SOCKETS, 0), heard
    spent = cpu_seconds(daphne) - before
    return {"cpu": spent / SOCKETS, "first": heard.first, "median": heard.median, "last": heard.last}


def report(samples: dict[str, list[Sample]], size: int, loads: Sequence[float]) -> None:
    print(
        f"{SOCKETS} sockets of {SOCKETS} agents, {size} bytes, {ROUNDS} rounds of {EACH} events each, in turns; medians"
    )
    units = {"cpu": (1e6, "µs CPU/delivery"), "first": (1e3, "ms"), "median": (1e3, "ms"), "last": (1e3, "ms")}
    for key, target in TARGETS.items():
        factor, unit = units[key]
        hub, raw = ([one[key] for one in samples[name]] for name in ("hub", "raw"))
        ratio = statistics.median(mine / theirs for mine, theirs in zip(hub, raw, strict=True))
        wanted = f", wanted <= {target}" if target else ""
        print(
            f"{key:7} hub {statistics.median(hub) * factor:7.1f} {unit}, "
            f"raw {statistics.median(raw) * factor:7.1f}, hub : raw = {ratio:.2f}{wanted}"
        )
    print_load(loads)


def print_load(loads: Sequence[float]) -> None:
    cores = os.cpu_count() or 1
    print(f"load meanwhile {min(loads):.1f} to {max(loads):.1f}")
    if max(loads) > cores:
        print("NOT VALID: more work waits than there are cores")


def count(daphne: Daphne, sockets: int) -> None:
    """Whether all of them hear one event, and twenty in a row, and none is lost."""
    loads = [os.getloadavg()[0]]
    with Audience() as audience:
        took = audience.open(port=daphne.port, path="/ws/notifications/", tokens=agents(sockets))
        print(f"{sockets} sockets opened in {took:.1f} s, the server holds {memory(daphne):.0f} MB")
        tell, _text = teller(daphne)
        for events in (1, BURST):
            before = cpu_seconds(daphne)
            heard: Heard = audience.hear(lambda events=events: tell(events), events=events)  # type: ignore[misc]
            spent = (cpu_seconds(daphne) - before) / sockets / events
            print(
                f"{events} event(s): {heard.frames} of {sockets * events} frames, {heard.lost} sockets lost, "
                f"first {heard.first * 1e3:.0f} ms, median {heard.median * 1e3:.0f} ms, last {heard.last * 1e3:.0f} ms, "
                f"{spent * 1e6:.1f} µs CPU/delivery"
            )
        before, began = cpu_seconds(daphne), time.monotonic()
        time.sleep(10)
        idle = (cpu_seconds(daphne) - before) / (time.monotonic() - began)
        print(f"idle: {idle * 100:.1f} % of a core, the server holds {memory(daphne):.0f} MB")
    print_load([*loads, os.getloadavg()[0]])


def agents(number: int) -> list[str]:
    """Their tokens."""
    from helpdesk.accounts.models import User
    from tests.people import access_token

    people = [User(username=f"agent_{n}", email=f"agent_{n}@example.com", role="agent") for n in range(number)]
    return [access_token(person) for person in User.objects.bulk_create(people)]


def teller(daphne: Daphne) -> tuple[Callable[..., float], str]:
    """`tell(events)` commits so many events for all agents and wakes the hub; and the text of one of them."""
    from django.conf import settings

    from helpdesk.events.models import EventRecord
    from helpdesk.realtime import push, wire
    from tests.factories import ticket_of
    from tests.people import UserFactory
    from tests.realtime.inside import many_events

    layer = settings.CHANNEL_LAYERS["default"]
    layer["CONFIG"]["hosts"][0]["address"] = daphne.env["CHANNELS_REDIS_URL"]
    ticket_of(UserFactory(username="ada"), title="Printer on fire")
    body: Any = EventRecord.objects.get().body
    text = wire.event(EventRecord.objects.get())

    def tell(events: int = 1) -> float:
        position = many_events(events, to_agents=True, body=body)
        began = time.monotonic()
        push._waker().wake(position)
        return began

    time.sleep(2)  # until those who listen have heard of the ticket
    return tell, text


def starter(daphne: Daphne, text: str) -> Callable[[], float]:
    """`start()` sends the frame that starts the loop."""
    from tests.sockets.thin import Thin, connect

    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    control: Thin = asyncio.run_coroutine_threadsafe(connect(daphne.port, "/ws/raw/"), loop).result()

    def start() -> float:
        began = time.monotonic()
        loop.call_soon_threadsafe(control.send, text.encode())
        return began

    start()  # it is no listener from here on
    time.sleep(1)
    return start


def cpu_seconds(server: Server) -> float:
    """Of all threads, in nanoseconds: the usual clock ticks a hundred times a second."""
    tasks = Path(f"/proc/{server.pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


def memory(server: Server) -> float:
    """Megabytes."""
    status = Path(f"/proc/{server.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else None)
