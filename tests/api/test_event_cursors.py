"""`X-Event-Cursor`: a page, and the place in the stream from which on it must be kept up to date."""

import threading
from collections.abc import Callable
from typing import Any, Self

import httpx
import pytest
from django.utils import timezone

from helpdesk.accounts.models import User
from helpdesk.events.cursors import read_cursor
from helpdesk.events.queries import head_position
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.operations.tickets import update_ticket
from tests.factories import comment_on, ticket_of
from tests.people import access_token
from tests.servers import Daphne, Valkey

Api = Callable[[Any], Any]
HEADER = "X-Event-Cursor"

PAGES = [
    "/api/tickets/",
    "/api/tickets/?page_size=1&page=2",
    "/api/tickets/?cursor=",
    "/api/tickets/?search=printer",
    "/api/tickets/{ticket}/",
    "/api/tickets/{ticket}/timeline/",
    "/api/tickets/{ticket}/comments/",
    "/api/comments/",
    "/api/categories/",
    "/api/tags/",
    "/api/auth/sessions/",
    "/api/users/me/",
    "/api/events/",
    "/api/v1/tickets/",
]


def position(response: Any) -> int:
    return read_cursor(response.headers[HEADER], now=timezone.now()).position


@pytest.fixture
def ticket(committing: Any, customer: Any, agent: Any) -> Any:
    with committing():
        ticket = ticket_of(customer)
        ticket_of(customer)
    with committing():
        comment_on(ticket, agent)
    return ticket


@pytest.mark.parametrize("path", PAGES)
def test_every_page_says_where_the_stream_ended(api_as: Api, ticket: Any, customer: Any, path: str) -> None:
    response = api_as(customer).get(path.format(ticket=ticket.pk))

    assert response.status_code == 200
    assert position(response) == head_position() > 0


def test_before_the_first_event_it_is_a_cursor_too(api_as: Api, customer: Any) -> None:
    client = api_as(customer)
    listed = client.get("/api/tickets/")

    assert position(listed) == 0
    assert client.get("/api/events/", {"after": listed.headers[HEADER]}).json()["results"] == []


def test_a_head_and_a_304_carry_it(api_as: Api, ticket: Any, customer: Any) -> None:
    """What the client has is as good as the answer: it may go on from here."""
    client = api_as(customer)
    shown = client.get(f"/api/tickets/{ticket.pk}/")
    unchanged = client.get(f"/api/tickets/{ticket.pk}/", headers={"if-none-match": shown.headers["ETag"]})

    assert unchanged.status_code == 304
    assert position(unchanged) == position(client.head("/api/tickets/")) == head_position()


def test_errors_writes_and_strangers_get_none(api_as: Api, client: Any, ticket: Any, customer: Any) -> None:
    mine = api_as(customer)
    answers = [
        client.get("/api/tickets/"),
        client.get("/api/"),
        mine.get("/api/tickets/999999/"),
        mine.post("/api/tickets/", {"title": "x", "description": "x"}),
        mine.options("/api/tickets/"),
    ]

    assert not any(HEADER in answer.headers for answer in answers)


def test_a_page_from_the_cache_brings_the_cursor_that_was_read_before_its_data(
    api_as: Api, valkey_here: Valkey, settings: Any, committing: Any, customer: Any, agent: Any
) -> None:
    """What happens elsewhere leaves the page as it is; a younger cursor is no better, and what has changed it anew is."""
    settings.LIST_CACHE_SECONDS = 300
    client = api_as(customer)
    with committing():
        ticket = ticket_of(customer)
    first = client.get("/api/tickets/")
    with committing():
        comment_on(ticket_of(agent), agent, is_internal=True)
    again = client.get("/api/tickets/")
    with committing():
        update_ticket(by=agent, ticket_id=ticket.pk, changes={"priority": "high"}, now=timezone.now())
    changed = client.get("/api/tickets/")

    assert again.headers[HEADER] == first.headers[HEADER]
    assert position(first) < position(changed) == head_position()


# --- list, then stream from there -------------------------------------------------------------------------------------

ROUNDS = 60
WRITERS = 4


def kept_up(tickets: dict[int, str], events: list[dict[str, Any]]) -> dict[int, str]:
    """What a client knows of the priorities, who goes by its list and the stream."""
    known = dict(tickets)
    for event in events:
        if event["type"] == "priority_changed":
            known[event["ticket"]["id"]] = event["changes"]["priority"]["to"]
        elif event["type"] == "ticket_created":
            known[event["ticket"]["id"]] = event["ticket"]["priority"]
    return known


class Writers:
    """Change priorities and open tickets over the API, as fast as they are answered."""

    def __init__(self, url: str, token: str, tickets: list[int]) -> None:
        self._client = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=30)
        self._tickets = tickets
        self._over = threading.Event()
        self.written = 0
        self._threads = [threading.Thread(target=self._write, args=(n,)) for n in range(WRITERS)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()
        self._client.close()

    def _write(self, number: int) -> None:
        turn = number
        while not self._over.is_set():
            turn += 1
            if turn % 4 == 0:
                answer = self._client.post("/api/tickets/", json={"title": "New", "description": "x"})
            else:
                path = f"/api/tickets/{self._tickets[turn % len(self._tickets)]}/"
                answer = self._client.patch(path, json={"priority": ("low", "medium", "high", "urgent")[turn % 3]})
            self.written += answer.is_success


def all_after(client: httpx.Client, cursor: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while True:
        page = client.get("/api/events/", params={"after": cursor, "limit": 500}).json()
        found += page["results"]
        if not page["results"]:
            return found
        cursor = page["next"]


def test_who_lists_and_streams_from_there_misses_nothing_while_others_write(
    start_daphne: Callable[..., Daphne], agent: User
) -> None:
    """With the list cache on: the page may have been somebody else's a moment ago."""
    tickets = [ticket_of(agent).pk for _ in range(8)]
    token = access_token(agent)
    url = start_daphne().base_url
    headers = {"Authorization": f"Bearer {token}"}
    begun: list[tuple[dict[int, str], str]] = []
    with httpx.Client(base_url=url, headers=headers, timeout=30) as client:
        with Writers(url, token, tickets) as writers:
            for _ in range(ROUNDS):
                page = client.get("/api/tickets/", params={"page_size": 100})
                begun.append(({row["id"]: row["priority"] for row in page.json()["results"]}, page.headers[HEADER]))
        ends = [kept_up(listed, all_after(client, cursor)) for listed, cursor in begun]

    truth = dict(Ticket.objects.values_list("pk", "priority"))
    assert writers.written >= WRITERS
    # A page holds the newest hundred: of older tickets a client knows what it was told.
    assert all(truth[pk] == priority for end in ends for pk, priority in end.items())
    assert all(end.keys() >= {*sorted(truth)[-50:]} for end in ends)
