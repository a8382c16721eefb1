"""An internal note leaves no trace that a customer can see.

The same desk is lived through twice, once with notes and once without. Afterwards a customer asks everything there is to ask, and gets the
same bytes, when ids, cursors, request ids and dates are renumbered in the order in which they appear.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction

from helpdesk.accounts.models import User
from helpdesk.events.cursors import Cursor
from helpdesk.events.models import EventRecord
from helpdesk.tickets.models import Comment, Ticket
from tests.people import NOON, AgentFactory, UserFactory

Api = Callable[[Any], Any]

SECRET = "zzsecret"
TIMES = ("00:05", "00:09", "00:12", "00:16", "00:20", "01:00", "02:14", "02:18", "59:00")


class Desk:
    """The people and what they do, a second a step; `notes` says in which world."""

    def __init__(self, api_as: Api, clock: Any, *, notes: bool) -> None:
        self.customer = UserFactory(username="ada", name="Ada")
        self.agent = AgentFactory(username="grace", name="Grace")
        self.api = {user.username: api_as(user) for user in (self.customer, self.agent)}
        self.notes = notes
        self.clock = clock
        self.tickets: list[int] = []
        self.heard: list[bytes] = []  # what the customer was answered on the way

    def do(self, who: str, method: str, url: str, **body: Any) -> Any:
        self.clock.shift(1)
        response = getattr(self.api[who], method)(url, body or None)
        assert response.status_code < 300, response.content
        if who == "ada":
            self.heard.append(response.content)
        return response.json() if response.content else {}

    def note(self, ticket: int, text: str = SECRET) -> int | None:
        """The second passes in both worlds, the note is written in one."""
        if not self.notes:
            self.clock.shift(1)
            return None
        return self.do("grace", "post", f"/api/tickets/{ticket}/comments/", content=text, is_internal=True)["id"]

    def change_note(self, note: int | None, method: str, **body: Any) -> None:
        if note is None:
            self.clock.shift(1)
        else:
            self.do("grace", method, f"/api/comments/{note}/", **body)

    def live(self) -> None:
        for n in range(4):
            body = {"title": f"Printer {n}", "description": "It burns.", "priority": ["low", "high"][n % 2]}
            self.tickets.append(self.do("ada", "post", "/api/tickets/", **body)["id"])
        quiet, waiting, solved, busy = self.tickets
        # A note only; a note after a comment; a note between comments; notes edited and deleted.
        self.note(quiet)
        self.do("ada", "post", f"/api/tickets/{waiting}/comments/", content="Hello?")
        self.do("grace", "patch", f"/api/tickets/{waiting}/", status="pending")
        self.note(waiting)
        reply = self.do("grace", "post", f"/api/tickets/{solved}/comments/", content="Try water.")["id"]
        edited = self.note(solved)
        self.change_note(edited, "patch", content=f"{SECRET} again")
        self.do("grace", "patch", f"/api/comments/{reply}/", content="Try sand.")
        self.do("grace", "patch", f"/api/tickets/{solved}/", status="resolved", assigned_to=self.agent.pk)
        deleted = self.note(solved)
        self.change_note(deleted, "delete")
        for n in range(105):
            if n % 7 == 0:
                self.note(busy, f"{SECRET} {n}")
            self.do("ada", "post", f"/api/tickets/{busy}/comments/", content=f"And {n}")
        gone = self.do("ada", "post", f"/api/tickets/{quiet}/comments/", content="Never mind")["id"]
        self.note(quiet)
        self.do("ada", "delete", f"/api/comments/{gone}/")
        self.do("ada", "post", f"/api/tickets/{solved}/comments/", content="It burns again.")
        for ticket in self.tickets:
            self.note(ticket)
        self.merge_and_split(busy)
        self.do("ada", "post", f"/api/tickets/{solved}/close/")
        self.do("ada", "post", f"/api/tickets/{solved}/reopen/")

    def merge_and_split(self, busy: int) -> None:
        """Notes go along in a merge, come back when it is undone, and become tickets that are nobody's but staff's."""
        for undone in (False, True):
            twin = self.do("ada", "post", "/api/tickets/", title="Printer again", description="It burns.")["id"]
            self.note(twin)
            self.do("ada", "post", f"/api/tickets/{twin}/comments/", content="Sorry, twice.")
            self.note(twin)
            self.do("grace", "post", f"/api/tickets/{twin}/merge/", into=busy)
            if undone:
                self.do("grace", "post", f"/api/tickets/{twin}/unmerge/")
            self.tickets.append(twin)
        said = self.do("ada", "post", f"/api/tickets/{busy}/comments/", content="And the door squeaks.")["id"]
        self.tickets.append(self.do("grace", "post", f"/api/tickets/{busy}/comments/{said}/split/")["id"])
        self.do("grace", "post", f"/api/tickets/{busy}/links/", kind="parent_of", ticket=self.tickets[-1])
        note = self.note(busy)
        if note is None:
            self.clock.shift(1)
        else:
            self.do("grace", "post", f"/api/tickets/{busy}/comments/{note}/split/")

    def ask_everything(self) -> Iterator[tuple[str, bytes]]:
        """Every answer that a customer can get about these tickets, page after page; first those to what they did."""
        yield from ((f"step {number}", content) for number, content in enumerate(self.heard))
        client = self.api["ada"]
        orders = [sign + by for by in ("created_at", "updated_at", "priority", "last_comment_at") for sign in ("", "-")]
        solved = self.tickets[2]
        questions = [
            "/api/tickets/",
            "/api/tickets/?page_size=1",
            *(f"/api/tickets/?ordering={order}" for order in orders),
            *(f"/api/tickets/?ordering={order}&page_size=1" for order in orders),
            "/api/tickets/?search=printer",
            f"/api/tickets/?search={SECRET}",
            "/api/tickets/?mine=true",
            "/api/comments/",
            "/api/comments/?page_size=3",
            *(f"/api/comments/?ticket={ticket}" for ticket in self.tickets),
            *(f"/api/tickets/{ticket}/comments/" for ticket in self.tickets),
            *(f"/api/tickets/{ticket}/timeline/?page_size=100" for ticket in self.tickets),
            f"/api/tickets/{solved}/timeline/?page_size=1",
            *(f"/api/tickets/{ticket}/links/" for ticket in self.tickets),
            *(f"/api/tickets/{ticket}/" for ticket in self.tickets),
            # As they were, while all of this was going on.
            *(f"/api/tickets/{ticket}/?at=2026-11-20T12:{when}Z" for ticket in self.tickets for when in TIMES),
            f"/api/events/?after={start()}&limit=500",
            f"/api/events/?after={start()}&limit=3",
            f"/api/events/?after={start()}&limit=500&ticket={solved}",
            f"/api/events/?after={start()}&limit=500&types=comment_added,status_changed",
        ]
        for number, question in enumerate(questions):
            url, page = question, 0
            while url and page < 60:
                response = client.get(url)
                assert response.status_code == 200, (url, response.content)
                yield f"{number}: {re.sub('[0-9]+', '…', question)} page {page}", response.content
                url = following(url, response.json())
                page += 1


def following(url: str, body: dict[str, Any]) -> str:
    """Where the answer leads on to, if it does."""
    if "head" in body:  # the event stream, whose `next` is a cursor
        return re.sub("after=[^&]*", f"after={body['next']}", url) if body["results"] else ""
    return body.get("comments_previous") or body.get("next") or ""


def start() -> str:
    return str(Cursor(position=0, at=NOON))


NUMBERED = re.compile(
    rb'"(?P<name>id|ticket|cursor|next|previous|head|comments_previous|merged_into|moved_from|split_from|source|target|from|to)":'
    rb'(?P<value>"[^"]*"|[0-9]+)|(?:icket|into) #(?P<number>[0-9]+)'
)


def renumbered(answers: Iterator[tuple[str, bytes]]) -> dict[str, bytes]:
    """Ids and cursors as the first, second, third… that appeared. Dates stay: in both worlds the same time passes."""
    names: dict[bytes, bytes] = {}

    def number(match: re.Match[bytes]) -> bytes:
        value = match["value"] or match["number"]
        return match[0].replace(value, names.setdefault(value, b"#%d" % len(names)))

    return {question: NUMBERED.sub(number, content) for question, content in answers}


@contextmanager
def undone() -> Iterator[None]:
    """What happens inside leaves nothing behind."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture
def numbered_apart(db: None) -> None:
    """No two things have the same id, in neither world: a ticket 7 and a user 7 would be one when they are renumbered."""
    with connection.cursor() as cursor:
        for millions, model in enumerate((User, Ticket, Comment, EventRecord), start=1):
            table = model._meta.db_table
            cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", [table, millions * 1_000_000])


@pytest.mark.slow
def test_a_customer_cannot_tell_a_desk_with_notes_from_one_without(
    numbered_apart: None, api_as: Api, django_capture_on_commit_callbacks: Any
) -> None:
    worlds, notes = [], []
    for with_notes in (True, False):
        # Both begin at the same moment of the same database: what was committed before is seen by neither customer.
        with undone(), time_machine.travel(NOON, tick=False) as clock:
            with django_capture_on_commit_callbacks(execute=True):
                desk = Desk(api_as, clock, notes=with_notes)
                desk.live()
            worlds.append(renumbered(desk.ask_everything()))
            notes.append(Comment.objects.filter(is_internal=True).count())
            if with_notes:
                staff = api_as(desk.agent)
                seen_by_staff = b"".join(
                    staff.get(f"/api/tickets/{ticket}/{part}").content
                    for ticket in desk.tickets
                    for part in ("", "timeline/", "comments/")
                )

    # There was something to leak, and staff saw it.
    assert notes == [29, 0]
    assert seen_by_staff.count(SECRET.encode()) > 20
    with_notes, without = worlds
    assert list(with_notes) == list(without)
    assert len(without) > 60
    for question in without:
        assert with_notes[question] == without[question], question


def test_renumbering_hides_nothing_but_numbers() -> None:
    body = json.dumps({"id": 3, "comments_count": 3, "version": 3, "ticket": 3}, separators=(",", ":")).encode()
    assert renumbered(iter([("q", body)])) == {"q": b'{"id":#0,"comments_count":3,"version":3,"ticket":#0}'}
