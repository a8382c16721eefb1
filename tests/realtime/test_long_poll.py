"""`GET /api/events/?wait=`: answered as soon as there is something to see, holding nothing until then."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from helpdesk.accounts.models import Session, User
from helpdesk.accounts.operations.endings import sign_out_everywhere
from helpdesk.accounts.operations.users import update_user
from helpdesk.core.draining import Draining
from helpdesk.events.api.waiting import A_USER
from helpdesk.events.cursors import Cursor, read_cursor
from helpdesk.events.queries import head_position
from helpdesk.realtime import polling, queries, waiting_room
from helpdesk.realtime.database import for_socket
from helpdesk.realtime.layer import Subscription
from helpdesk.realtime.waiting_room import WaitingRoom
from helpdesk.tickets.operations.tickets import update_ticket
from tests.factories import comment_on, ticket_of
from tests.people import AdminFactory, AgentFactory, access_token
from tests.realtime.inside import Held, many_events, soon
from tests.realtime.polled import Polled
from tests.servers import Valkey

Poll = Callable[..., Any]


@pytest.fixture
async def room(valkey_here: Valkey, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[WaitingRoom]:
    """The waiting room of this process."""
    layer = Subscription()
    room = WaitingRoom(layer)
    monkeypatch.setattr(polling, "room", room)
    yield room
    for one in room.all():
        one.settle(one.nothing())
    await layer.stop()


@pytest.fixture
def asks(room: WaitingRoom, monkeypatch: pytest.MonkeyPatch) -> Held:
    held = Held(waiting_room.for_pollers)
    monkeypatch.setattr(waiting_room, "for_pollers", held)
    return held


@pytest.fixture
def waits(room: WaitingRoom) -> Poll:
    """`await waits(user, "wait=10&types=…")`: a request of the user's that has found nothing, and waits."""

    async def waiting(user: User, query: str = "wait=20", **headers: str) -> Polled:
        before = len(room.all())
        polled = Polled(query, await for_socket(access_token, user), **headers)
        await soon(lambda: len(room.all()) > before or polled.is_over)
        assert not polled.is_over, polled.body
        return polled

    return waiting


def position(cursor: str) -> int:
    return read_cursor(cursor, now=timezone.now()).position


async def head() -> int:
    return await for_socket(head_position)


async def test_it_is_answered_as_soon_as_something_happens(customer: User, agent: User, waits: Poll) -> None:
    polled = await waits(agent)
    await for_socket(ticket_of, customer)

    page = await polled.answer()
    assert polled.status == 200
    assert [event["type"] for event in page["results"]] == ["ticket_created"]
    assert position(page["next"]) == position(page["head"]) == await head()


async def test_what_is_there_already_is_not_waited_for(customer: User, agent: User, room: WaitingRoom) -> None:
    await for_socket(ticket_of, customer)
    began = time.monotonic()
    start = Cursor(position=0, at=timezone.now())
    page = await Polled(f"wait=25&after={start}", await for_socket(access_token, agent)).answer()

    assert [event["type"] for event in page["results"]] == ["ticket_created"]
    assert time.monotonic() - began < 20


async def test_it_ends_without_events_at_the_head_and_reads_nothing_twice(
    customer: User, agent: User, waits: Poll
) -> None:
    """What it could not see, it has passed by all the same."""
    ticket = await for_socket(ticket_of, customer)
    polled = await waits(customer, "wait=2")
    await for_socket(comment_on, ticket, agent, is_internal=True)

    page = await polled.answer()
    assert page["results"] == []
    assert position(page["next"]) == await head() > 1


async def test_it_hears_only_what_it_asked_for(customer: User, agent: User, waits: Poll) -> None:
    ticket, other = await for_socket(ticket_of, customer), await for_socket(ticket_of, customer)
    polled = await waits(agent, f"wait=20&types=comment_added,status_changed&ticket={ticket.pk}")
    await for_socket(comment_on, other, agent, content="elsewhere")
    await for_socket(lambda: update_ticket(by=agent, ticket_id=ticket.pk, changes={"title": "x"}, now=timezone.now()))
    await for_socket(comment_on, ticket, agent, content="here")

    (event,) = (await polled.answer())["results"]
    assert (event["type"], event["comment"]["content"]) == ("comment_added", "here")


async def test_each_hears_what_they_may_see(customer: User, stranger: User, agent: User, waits: Poll) -> None:
    ticket = await for_socket(ticket_of, customer)
    held = {user: await waits(user, "wait=3") for user in (customer, stranger, agent)}
    await for_socket(comment_on, ticket, agent, is_internal=True)

    assert [event["type"] for event in (await held[agent].answer())["results"]] == ["note_added"]
    assert (await held[customer].answer())["results"] == (await held[stranger].answer())["results"] == []


async def test_what_happens_before_it_takes_its_place_is_not_missed(
    customer: User, agent: User, room: WaitingRoom, waits: Poll
) -> None:
    """Its first look is over, the wake-up is too, and others have been told."""
    ahead = await waits(agent)
    mine = room.all()[0].wish
    await for_socket(ticket_of, customer)
    await ahead.answer()

    page = await asyncio.wait_for(room.wait(mine), 10)
    assert isinstance(page, dict)
    assert len(page["results"]) == 1


async def test_no_more_than_the_limit_and_the_next_page_goes_on(customer: User, agent: User, waits: Poll) -> None:
    await for_socket(ticket_of, customer)
    before = await head()
    polled = await waits(agent, "wait=20&limit=3")
    await for_socket(many_events, 10, to_agents=True)
    page = await polled.answer()

    assert len(page["results"]) == 3
    assert position(page["next"]) == before + 3


@pytest.mark.parametrize("batch", [1, 3])
async def test_more_than_one_look_can_take_in_is_looked_through(
    customer: User, agent: User, waits: Poll, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(queries, "BATCH", batch)
    ticket = await for_socket(ticket_of, customer)
    polled = await waits(customer, "wait=20&types=comment_added")
    await for_socket(many_events, 10)
    await for_socket(comment_on, ticket, agent)

    assert [event["type"] for event in (await polled.answer())["results"]] == ["comment_added"]


async def test_it_looks_by_itself_while_redis_says_nothing(customer: User, agent: User, waits: Poll) -> None:
    await for_socket(ticket_of, customer)
    polled = await waits(agent)
    await for_socket(many_events, 1, to_agents=True)

    assert len((await polled.answer())["results"]) == 1


async def test_all_share_one_look(customer: User, room: WaitingRoom, asks: Held, waits: Poll) -> None:
    held = [await waits(await for_socket(AgentFactory)) for _ in range(5)]
    before = len(asks.asked)
    await asyncio.sleep(2.2)
    looks = asks.asked[before:].count(queries.stream_after)
    await for_socket(ticket_of, customer)

    assert looks <= 4
    assert [len((await polled.answer())["results"]) for polled in held] == [1] * 5
    assert room.all() == []


ENDS: dict[str, Callable[[User], Any]] = {
    "deactivated": lambda user: update_user(
        by=AdminFactory(), user_id=user.pk, changes={"is_active": False}, now=timezone.now()
    ),
    "demoted": lambda user: update_user(
        by=AdminFactory(), user_id=user.pk, changes={"role": "customer"}, now=timezone.now()
    ),
    "signed out": lambda user: sign_out_everywhere(by=user, now=timezone.now()),
    "forgotten": lambda user: Session.objects.filter(user=user).delete(),
}


@pytest.mark.parametrize("how", ENDS)
async def test_who_has_no_business_here_any_more_is_told_so_soon(agent: User, waits: Poll, how: str) -> None:
    polled = await waits(agent, x_request_id="mine")
    await for_socket(ENDS[how], agent)

    problem = await polled.answer()
    assert polled.status == 401
    assert (problem["code"], problem["request_id"]) == ("token_not_valid", "mine")
    assert polled.headers["www-authenticate"] == "Bearer"


async def test_nothing_is_told_to_whose_role_has_changed_in_between(
    customer: User, agent: User, room: WaitingRoom, waits: Poll
) -> None:
    """The look at standing is up to two seconds old: what is told waits for another."""
    polled = await waits(agent)
    await soon(lambda: room._next_standing)
    room._next_standing = time.monotonic() + 60
    await for_socket(ENDS["demoted"], agent)
    await for_socket(ticket_of, customer)

    await polled.answer()
    assert polled.status == 401


async def test_who_goes_away_leaves_nothing_behind(agent: User, room: WaitingRoom, waits: Poll) -> None:
    held = [await waits(agent) for _ in range(5)]
    for polled in held:
        await polled.leave()

    assert room.all() == []
    assert not any(polled.status for polled in held)
    await soon(lambda: room._task is not None and room._task.done())


async def test_a_process_that_ends_keeps_nobody(agent: User, waits: Poll, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting_room, "draining", draining := Draining())
    polled = await waits(agent)
    draining.begin()

    assert (await polled.answer())["results"] == []
    late = Polled("wait=25", await for_socket(access_token, agent))
    assert (await late.answer())["results"] == []


async def test_so_many_of_one_person_wait_and_no_more(agent: User, stranger: User, waits: Poll) -> None:
    held = [await waits(agent) for _ in range(A_USER)]
    refused = Polled("wait=20", await for_socket(access_token, agent))

    assert (await refused.answer())["code"] == "too_many_waiting"
    assert refused.status == 409
    other = await waits(stranger)
    for polled in [*held, other]:
        await polled.leave()
    await (await waits(agent)).leave()


@pytest.mark.parametrize("how", [None, "signed out"])
async def test_it_is_charged_once(agent: User, waits: Poll, settings: Any, how: str | None) -> None:
    settings.RATE_LIMIT_ENABLED, settings.RATE_LIMIT_USER = True, "5/min"
    polled = await waits(agent, "wait=1" if how is None else "wait=20")
    if how:
        await for_socket(ENDS[how], agent)
    await polled.answer()

    assert polled.status == (401 if how else 200)
    assert ";r=4;" in polled.headers["ratelimit"]


async def test_its_answer_has_the_headers_of_every_answer(
    customer: User, agent: User, waits: Poll, settings: Any
) -> None:
    settings.ALLOWED_ORIGINS = ["https://app.example.com"]
    polled = await waits(agent, x_request_id="mine", origin="https://app.example.com")
    before = await head()
    await for_socket(ticket_of, customer)
    await polled.answer()
    plain = Polled("", await for_socket(access_token, agent), x_request_id="mine", origin="https://app.example.com")
    await plain.answer()

    own = {"content-length", "x-event-cursor"}
    assert {name: value for name, value in polled.headers.items() if name not in own} == {
        name: value for name, value in plain.headers.items() if name not in own
    }
    assert position(polled.headers["x-event-cursor"]) == before


async def test_a_failing_database_does_not_end_it(customer: User, agent: User, asks: Held, waits: Poll) -> None:
    failures = iter([OperationalError("the connection is lost")] * 2)

    def fail_twice() -> float:
        for failure in failures:
            raise failure
        return 0

    polled = await waits(agent)
    asks.delay = fail_twice
    await for_socket(ticket_of, customer)

    assert len((await polled.answer())["results"]) == 1


@pytest.mark.parametrize("wait", ["26", "-1", "soon", "1.5", "nan"])
def test_a_wait_that_is_none_is_refused(api_as: Any, customer: User, wait: str) -> None:
    answer = api_as(customer).get("/api/events/", {"wait": wait})

    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == ["wait"]


async def test_a_head_does_not_wait(agent: User, room: WaitingRoom) -> None:
    polled = Polled("wait=25", await for_socket(access_token, agent), method="HEAD")
    await soon(lambda: polled.is_over)

    assert polled.status == 200


async def test_where_nobody_can_hold_it_the_view_answers_at_once(agent: User, api_as: Any, room: WaitingRoom) -> None:
    answer = await for_socket(lambda: api_as(agent).get("/api/events/", {"wait": 25}))

    assert (answer.status_code, answer.json()["results"]) == (200, [])


async def test_nobody_hears_of_anothers_account(agent: User, waits: Poll) -> None:
    """Two agents see the same tickets, and not each other's sign-ins."""
    other = await for_socket(AgentFactory)
    held = {user: await waits(user, "wait=3") for user in (agent, other)}
    await for_socket(lambda: update_user(by=other, user_id=other.pk, changes={"name": "Bea"}, now=timezone.now()))

    assert [event["type"] for event in (await held[other].answer())["results"]] == ["user_updated"]
    assert (await held[agent].answer())["results"] == []
