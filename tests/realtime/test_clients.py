"""The clients of `docs/clients` hear everything, in order, whatever becomes of the connection. Both at once."""

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import jwt
import pytest
from django.conf import settings as django_settings

from helpdesk.tickets.operations.tickets import update_ticket
from tests.clients.drivers import COMMANDS, Driver
from tests.clients.proxy import Proxy
from tests.factories import ticket_of
from tests.people import NOON, PASSWORD, access_token
from tests.servers import ROOT, Daphne, eventually

Start = Callable[..., list[Driver]]


@pytest.fixture
def proxy(server: Daphne) -> Iterator[Proxy]:
    proxy = Proxy(server.port)
    proxy.start()
    yield proxy
    proxy.stop()


@pytest.fixture
def start() -> Iterator[Start]:
    """`start(url, token)` or `start(url, username=…, password=…)`: one of each, started and open."""
    drivers: list[Driver] = []

    def start_all(url: str, *tokens: str | None, after: str = "", opens: bool = True, **more: Any) -> list[Driver]:
        began = [Driver(name, url, **more) for name in COMMANDS]
        drivers.extend(began)
        for driver in began:
            driver.give(*tokens)
            driver.do("start", after)
        if opens:
            eventually(lambda: all(driver.is_open for driver in began))
        return began

    yield start_all
    for driver in drivers:
        driver.end()


def expiring(token: str, *, seconds: float) -> str:
    """The same token, for less time."""
    claims = jwt.decode(token, options={"verify_signature": False})
    claims["exp"] = int(time.time() + seconds)
    return jwt.encode(claims, django_settings.SECRET_KEY, algorithm="HS256")


def all_of(drivers: list[Driver], check: Callable[[Driver], Any], *, seconds: float = 20) -> None:
    eventually(lambda: all(check(driver) for driver in drivers), seconds=seconds)


def test_cut_while_events_flow_they_hear_each_once_and_in_order(
    proxy: Proxy, start: Start, agent: Any, customer: Any
) -> None:
    drivers = start(proxy.base_url, access_token(agent))
    titles = [str(n) for n in range(60)]

    for n, title in enumerate(titles):
        ticket_of(customer, title=title)
        if n % 15 == 7:
            proxy.cut()
            proxy.is_away = n == 22
        if n == 30:
            proxy.is_away = False

    all_of(drivers, lambda driver: "59" in driver.titles)
    assert {driver.name: driver.titles for driver in drivers} == dict.fromkeys(COMMANDS, titles)
    recovered = [[state["recovered"] for state in driver.said("state") if "recovered" in state] for driver in drivers]
    assert all(said[0] is None and set(said[1:]) == {True} for said in recovered)


def test_a_restart_of_the_server_loses_nothing(
    daphne: Daphne, valkey_here: Any, start: Start, agent: Any, customer: Any
) -> None:
    drivers = start(daphne.base_url, username=agent.username, password=PASSWORD)
    ticket_of(customer, title="before")
    all_of(drivers, lambda driver: driver.titles == ["before"])

    daphne.stop()
    ticket_of(customer, title="meanwhile")
    daphne.start()
    ticket_of(customer, title="afterwards")

    all_of(drivers, lambda driver: driver.titles == ["before", "meanwhile", "afterwards"])
    for driver in drivers:
        # Each comes back when it was told to: milliseconds in the one, seconds in the other.
        left = next(state for state in driver.said("state") if state.get("code") == 1012)
        seconds = float(left["reason"].removeprefix("retry_after="))
        assert left["delay"] in {seconds, seconds * 1000}


def test_a_token_is_renewed_in_place_before_it_expires(proxy: Proxy, start: Start, agent: Any, customer: Any) -> None:
    token = access_token(agent)
    drivers = start(proxy.base_url, expiring(token, seconds=4), token)
    all_of(drivers, lambda driver: driver.said("token") == [False, True])
    time.sleep(2)  # that of the beginning has expired

    ticket_of(customer, title="still here")

    all_of(drivers, lambda driver: driver.titles == ["still here"])
    assert proxy.connections == len(drivers)


def test_a_token_that_is_refused_is_renewed_once_and_then_they_give_up(
    server: Daphne, start: Start, agent: Any
) -> None:
    good = access_token(agent)
    saved = start(server.base_url, expiring(good, seconds=-5), good)
    lost = start(server.base_url, "nonsense", opens=False)

    all_of(lost, lambda driver: driver.states[-1:] == ["closed"])
    assert {driver.said("state")[-1]["code"] for driver in lost} == {4401}
    assert [driver.said("token") for driver in (*saved, *lost)] == [[False, True]] * 4


def test_they_stop_where_they_are_not_wanted(proxy: Proxy, start: Start, agent: Any) -> None:
    from helpdesk.accounts.models import User

    drivers = start(proxy.base_url, access_token(agent))
    User.objects.filter(pk=agent.pk).update(is_active=False)

    all_of(drivers, lambda driver: driver.states[-1] == "closed")
    assert [driver.said("state")[-1]["code"] for driver in drivers] == [4403] * 2
    time.sleep(0.5)
    assert proxy.connections == len(drivers)


def test_they_stop_where_nobody_is_signed_in_any_more(server: Daphne, start: Start, agent: Any) -> None:
    wrong = start(server.base_url, username=agent.username, password="wrong", opens=False)
    left = start(server.base_url, None, opens=False)

    all_of([*wrong, *left], lambda driver: driver.states[-1:] == ["closed"])
    assert "open" not in [state for driver in (*wrong, *left) for state in driver.states]


def test_they_say_when_what_was_missed_cannot_be_told(server: Daphne, start: Start, agent: Any) -> None:
    drivers = start(server.base_url, access_token(agent), after="nonsense")

    all_of(drivers, lambda driver: len(driver.said("reload")) == 1)
    assert [driver.said("event") for driver in drivers] == [[], []]


def test_a_connection_that_went_silent_is_replaced(proxy: Proxy, start: Start, agent: Any, customer: Any) -> None:
    drivers = start(proxy.base_url, access_token(agent), silence=1.5)
    proxy.freeze()

    ticket_of(customer, title="said into the void")

    all_of(drivers, lambda driver: driver.titles == ["said into the void"])
    assert proxy.connections > len(drivers)


def test_they_pause_and_go_on_where_they_were(server: Daphne, start: Start, agent: Any, customer: Any) -> None:
    drivers = start(server.base_url, access_token(agent))
    ticket_of(customer, title="before")
    all_of(drivers, lambda driver: driver.titles == ["before"])
    for driver in drivers:
        driver.do("pause")
    all_of(drivers, lambda driver: driver.states[-1] == "paused")
    ticket_of(customer, title="meanwhile")

    for driver in drivers:
        driver.do("start", driver.said("event")[-1]["cursor"])

    all_of(drivers, lambda driver: driver.titles == ["before", "meanwhile"])
    assert [driver.said("reload") for driver in drivers] == [[], []]


def test_they_never_send_so_fast_that_the_server_hangs_up(
    server: Daphne, start: Start, agent: Any, customer: Any
) -> None:
    ticket = ticket_of(customer)
    drivers = start(server.base_url, access_token(agent))
    for driver in drivers:
        for n in range(24):
            driver.do("viewing", ticket.pk, n % 2 == 0)
    time.sleep(2.5)

    assert [driver.states for driver in drivers] == [["connecting", "open"]] * 2


def test_the_type_of_every_event_that_is_pushed_is_declared() -> None:
    rows = re.findall(r"^\| `(\w+)` \|[^|]*\|([^|]*)\|", (ROOT / "docs/reference/events.md").read_text(), re.MULTILINE)
    pushed = {name for name, to in rows if to.strip() and to.strip() != "nobody"}
    source = (ROOT / "docs/clients/notifications.ts").read_text()

    assert pushed
    assert {name for name in pushed if f'"{name}"' not in source} == set()


def test_what_they_subscribed_to_they_hear_also_after_a_cut(
    proxy: Proxy, start: Start, agent: Any, admin: Any, customer: Any
) -> None:
    ticket = ticket_of(customer, title="of another")
    drivers = start(proxy.base_url, access_token(agent))
    for driver in drivers:
        driver.do("subscribe", ticket.pk)
    all_of(drivers, lambda driver: "subscribed" in [hint["type"] for hint in driver.said("hint")])
    proxy.cut()
    update_ticket(by=admin, ticket_id=ticket.pk, changes={"status": "in_progress"}, now=NOON)

    all_of(drivers, lambda driver: [event["type"] for event in driver.said("event")] == ["status_changed"])

    for driver in drivers:
        driver.do("unsubscribe", ticket.pk)
    all_of(drivers, lambda driver: "unsubscribed" in [hint["type"] for hint in driver.said("hint")])
    update_ticket(by=admin, ticket_id=ticket.pk, changes={"status": "resolved"}, now=NOON)
    ticket_of(customer, title="behind it")
    all_of(drivers, lambda driver: driver.titles[-1:] == ["behind it"])
    types = [[event["type"] for event in driver.said("event")] for driver in drivers]
    assert types == [["status_changed", "ticket_created"]] * 2


def test_a_message_that_was_cut_off_arrives_once(proxy: Proxy, start: Start, agent: Any, customer: Any) -> None:
    token = access_token(customer)
    drivers = start(proxy.base_url, token)
    headers = {"Authorization": f"Bearer {token}"}
    opened = httpx.post(f"{proxy.base_url}/api/chat/conversations/", json={"user": agent.pk}, headers=headers).json()
    proxy.freeze()
    for driver in drivers:
        driver.do("send", opened["id"], f"from {driver.name}", f"ref-{driver.name}")
    time.sleep(0.3)
    proxy.cut()

    all_of(drivers, lambda driver: len(driver.said("sent")) == 1)
    page = httpx.get(f"{proxy.base_url}/api/chat/conversations/{opened['id']}/messages/", headers=headers).json()
    assert sorted(message["content"] for message in page["results"]) == ["from Python", "from TypeScript"]


def test_they_say_why_a_message_was_refused(server: Daphne, start: Start, agent: Any) -> None:
    drivers = start(server.base_url, access_token(agent))
    for driver in drivers:
        driver.do("send", 987_654, "into the void", "ref-1")
        driver.do("send", 1, "x" * 70_000, "ref-2")

    all_of(drivers, lambda driver: sorted(driver.said("refused")) == ["not_found", "too_large"])
