"""A few requests at once; the others wait for their turn, and whoever watches the process does not."""

import asyncio
from typing import Any

import pytest

from helpdesk.edge import gate as gate_module
from helpdesk.edge.gate import Gate


class Held:
    """An application whose answers are held back; `answering` are the paths that it works on."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()
        self.answering: list[str] = []
        self.sent: dict[str, list[Any]] = {}

    async def __call__(self, scope: Any, _receive: Any, send: Any) -> None:
        self.answering.append(scope["path"])
        if "piecewise" in scope["path"]:
            await send({"type": "http.response.body", "body": b"a piece", "more_body": True})
        await self.go_on.wait()
        if "broken" in scope["path"]:
            raise RuntimeError
        await send({"type": "http.response.body", "body": b""})

    def ask(self, gate: Gate, path: str) -> "asyncio.Task[None]":
        async def receive() -> Any: ...
        async def send(message: Any) -> None:
            self.sent.setdefault(path, []).append(message)

        return asyncio.ensure_future(gate({"path": path}, receive, send))  # type: ignore[arg-type]


async def turn() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_they_come_in_order_and_never_more_at_once() -> None:
    held = Held()
    gate = Gate(held, at_once=2)
    asked = [held.ask(gate, f"/api/{number}/") for number in range(5)]
    await turn()
    assert held.answering == ["/api/0/", "/api/1/"]

    held.go_on.set()
    await asyncio.gather(*asked)

    assert held.answering == [f"/api/{number}/" for number in range(5)]


@pytest.mark.parametrize("path", ["/health", "/healthz", "/healthz/", "/readyz"])
async def test_who_watches_or_waits_for_news_needs_no_turn(path: str) -> None:
    held = Held()
    gate = Gate(held, at_once=1)
    asked = [held.ask(gate, "/api/tickets/"), held.ask(gate, path)]
    await turn()

    assert held.answering == ["/api/tickets/", path]
    held.go_on.set()
    await asyncio.gather(*asked)


async def test_a_client_that_reads_slowly_and_one_that_has_gone_keep_nobody_from_their_turn() -> None:
    held = Held()
    gate = Gate(held, at_once=1)
    slow = held.ask(gate, "/piecewise/")
    gone, last = held.ask(gate, "/gone/"), held.ask(gate, "/last/")
    await turn()
    assert held.answering == ["/piecewise/", "/gone/"]

    gone.cancel()
    await turn()

    assert held.answering == ["/piecewise/", "/gone/", "/last/"]
    held.go_on.set()
    await asyncio.gather(slow, last)


async def test_one_that_fails_ends_its_turn() -> None:
    held = Held()
    gate = Gate(held, at_once=1)
    held.go_on.set()
    broken, last = held.ask(gate, "/broken/"), held.ask(gate, "/last/")

    with pytest.raises(RuntimeError):
        await broken
    await last


async def test_who_waited_long_enough_is_told_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate_module, "PATIENCE", 0.01)
    held = Held()
    gate = Gate(held, at_once=1)
    first = held.ask(gate, "/first/")
    await held.ask(gate, "/late/")

    start, body = held.sent["/late/"]
    assert start["status"] == 503
    assert (b"retry-after", b"5") in start["headers"]
    assert b'"code":"unavailable"' in body["body"]
    held.go_on.set()
    await first
