"""An internal note leaves no trace that a customer can see.

The same desk is lived through twice, once with notes and once without. Afterwards a customer asks everything there is to ask, and gets the
same bytes, when ids, cursors, request ids and dates are renumbered in the order in which they appear. What there is to ask is
found in the description of the API: a new route is asked by itself.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from itertools import chain
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction

from helpdesk.accounts.models import User
from helpdesk.events.cursors import Cursor
from helpdesk.events.models import EventReceipt
from helpdesk.events.queries import head_position
from helpdesk.notifications.enums import State
from helpdesk.notifications.models import Delivery
from helpdesk.realtime import wire
from helpdesk.realtime.queries import PAGE, missed
from helpdesk.tickets.models import Category, Comment, Tag
from tests.contracts.worlds import NO_ROW, Answers, Asking, Remote, described, renumbered
from tests.journeys.client import Person
from tests.mailbox import mails
from tests.people import NOON, AgentFactory, UserFactory
from tests.servers import Beat, Daphne, Smtp, Valkey, Worker, eventually
from tests.servers import Desk as Service
from tests.tickets.files import FORM, form

Api = Callable[[Any], Any]

SECRET = "zzsecret"
WORDS = [
    "printer",
    "again",
    '"try sand"',
    "-again",
    "burn%20-sand",
    SECRET,
    f"printer%20-{SECRET}",
    f'"{SECRET}"',
    "grace",
]
# What a customer is refused as a whole; every other GET that is described must have been answered.
CLOSED = {
    *("/api/users/", "/api/users/{id}/", "/api/users/{id}/workload/"),
    *("/api/teams/", "/api/teams/{id}/", "/api/tickets/{id}/assignment/explain/"),
}


class Desk:
    """The people and what they do, a second a step; `notes` says in which world."""

    def __init__(self, customer: Any, agent: Any, *, wait: Callable[[], Any], agent_id: int, notes: bool) -> None:
        self.api = {"customer": customer, "agent": agent}
        self.wait = wait
        self.agent_id = agent_id
        self.notes = notes
        self.tickets: list[int] = []
        self.hidden: list[int] = []
        self.heard: list[bytes] = []  # what the customer was answered on the way

    def do(self, who: str, method: str, url: str, **body: Any) -> Any:
        self.wait()
        return self.answered(who, getattr(self.api[who], method)(url, body or None))

    def attach(self, who: str, ticket: int, **about: Any) -> int:
        self.wait()
        name = SECRET if who == "agent" else "smoke"
        body = form(name.encode(), f"{name}.txt", **about)
        url = f"/api/tickets/{ticket}/attachments/"
        return int(self.answered(who, self.api[who].generic("POST", url, body, content_type=FORM))["id"])

    def answered(self, who: str, response: Any) -> Any:
        assert response.status_code < 300, response.content
        if who == "customer":
            self.heard.append(response.content)
        return response.json() if response.content else {}

    def note(self, ticket: int, text: str = SECRET) -> int | None:
        """The second passes in both worlds, the note is written in one."""
        if not self.notes:
            self.wait()
            return None
        note = self.do("agent", "post", f"/api/tickets/{ticket}/comments/", content=text, is_internal=True)["id"]
        self.hidden.append(note)
        return int(note)

    def change_note(self, note: int | None, method: str, **body: Any) -> None:
        if note is None:
            self.wait()
        else:
            self.do("agent", method, f"/api/comments/{note}/", **body)

    def attach_to_note(self, ticket: int, note: int | None) -> int | None:
        if note is None:
            self.wait()
            return None
        return self.attach("agent", ticket, comment=note)

    def chat(self) -> None:
        begun = self.do("customer", "post", "/api/chat/conversations/", user=self.agent_id)["id"]
        url = f"/api/chat/conversations/{begun}/"
        for n in range(2):
            self.do("customer", "post", f"{url}messages/", content=f"The printer burns again, {n}.")
            said = self.do("agent", "post", f"{url}messages/", content="Try sand.")["id"]
        self.do("customer", "post", f"{url}read/", up_to=said)
        self.wait()
        form_ = form(b"smoke", "smoke.txt")
        self.answered("agent", self.api["agent"].generic("POST", f"{url}attachments/", form_, content_type=FORM))

    def live(self) -> None:
        self.chat()
        for n in range(4):
            body = {"title": f"Printer {n}", "description": "It burns.", "priority": ["low", "high"][n % 2]}
            self.tickets.append(self.do("customer", "post", "/api/tickets/", **body)["id"])
        quiet, waiting, solved, busy = self.tickets
        # A note only; a note after a comment; a note between comments; notes edited and deleted.
        self.note(quiet)
        self.do("customer", "post", f"/api/tickets/{waiting}/comments/", content="Hello?")
        self.do("agent", "patch", f"/api/tickets/{waiting}/", status="pending")
        self.note(waiting)
        reply = self.do("agent", "post", f"/api/tickets/{solved}/comments/", content="Try water.")["id"]
        edited = self.note(solved)
        self.change_note(edited, "patch", content=f"{SECRET} again")
        self.do("agent", "patch", f"/api/comments/{reply}/", content="Try sand.")
        self.do("agent", "patch", f"/api/tickets/{solved}/", status="resolved", assigned_to=self.agent_id)
        deleted = self.note(solved)
        self.change_note(deleted, "delete")
        for n in range(105):
            if n % 7 == 0:
                self.note(busy, f"{SECRET} {n}")
            self.do("customer", "post", f"/api/tickets/{busy}/comments/", content=f"And {n}")
        gone = self.do("customer", "post", f"/api/tickets/{quiet}/comments/", content="Never mind")["id"]
        self.note(quiet)
        self.do("customer", "delete", f"/api/comments/{gone}/")
        self.do("customer", "post", f"/api/tickets/{solved}/comments/", content="It burns again.")
        for ticket in self.tickets:
            self.note(ticket)
        self.attach_and_draft(solved)
        self.merge_and_split(busy)
        self.do("customer", "post", f"/api/tickets/{solved}/close/")
        self.do("customer", "post", f"/api/tickets/{solved}/reopen/")

    def attach_and_draft(self, ticket: int) -> None:
        """A file on a note is a note; and a reply is not behind what its writer cannot have seen."""
        url = f"/api/tickets/{ticket}/"
        self.attach("customer", ticket)
        note = self.note(ticket)
        hanging = self.attach_to_note(ticket, note)
        self.do("customer", "put", f"{url}draft/", content="By the way")
        self.change_note(note, "patch", content=f"{SECRET}, see the file")
        going = self.attach_to_note(ticket, note)
        if going is None:
            self.wait()
        else:
            self.do("agent", "delete", f"/api/attachments/{going}/")
        said = self.do("customer", "get", url)["comments"][-1]["id"]
        mine = self.do("customer", "post", f"{url}comments/", content="By the way", seen_version=said)["id"]
        self.attach("customer", ticket, comment=mine)
        self.do("customer", "delete", f"/api/attachments/{self.attach('customer', ticket)}/")
        assert (hanging is None) == (not self.notes)

    def merge_and_split(self, busy: int) -> None:
        """Notes go along in a merge, come back when it is undone, and become tickets that are nobody's but staff's."""
        for undone in (False, True):
            body = {"title": "Printer again", "description": "It burns."}
            twin = self.do("customer", "post", "/api/tickets/", **body)["id"]
            self.note(twin)
            self.do("customer", "post", f"/api/tickets/{twin}/comments/", content="Sorry, twice.")
            self.note(twin)
            self.do("agent", "post", f"/api/tickets/{twin}/merge/", into=busy)
            if undone:
                self.do("agent", "post", f"/api/tickets/{twin}/unmerge/")
            self.tickets.append(twin)
        said = self.do("customer", "post", f"/api/tickets/{busy}/comments/", content="And the door squeaks.")["id"]
        self.tickets.append(self.do("agent", "post", f"/api/tickets/{busy}/comments/{said}/split/")["id"])
        self.do("agent", "post", f"/api/tickets/{busy}/links/", kind="parent_of", ticket=self.tickets[-1])
        note = self.note(busy)
        if note is None:
            self.wait()
        else:
            self.do("agent", "post", f"/api/tickets/{busy}/comments/{note}/split/")

    def asked(self, words: list[str], moments: list[str], *, start: str) -> tuple[Answers, Asking]:
        """Every answer that a customer can get about these tickets; first those to what they did."""
        asking = Asking(self.api["customer"], words=words, moments=moments, start=start)

        def answers() -> Answers:
            yield from ((f"step {number}", content) for number, content in enumerate(self.heard))
            yield from asking.everything(described())
            # A note is asked for as what was never there.
            for path in ("/api/comments/", f"/api/tickets/{self.tickets[0]}/comments/"):
                response = self.api["customer"].get(f"{path}{self.hidden[0] if self.notes else NO_ROW}/")
                yield "a note", f"{response.status_code} ".encode() + response.content

        return answers(), asking


def start() -> str:
    return str(Cursor(position=0, at=NOON))


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
        cursor.execute("SELECT format('%I.%I', schemaname, sequencename) FROM pg_sequences WHERE schemaname = 'public'")
        for millions, (sequence,) in enumerate(cursor.fetchall(), start=1):
            cursor.execute("SELECT setval(%s, %s)", [sequence, millions * 1_000_000])


def pushed_to(user: User) -> Answers:
    """The frames that the user's sockets hear, were they open all the time."""
    position, head, number = 0, head_position(), 0
    while records := missed(user, position=position, upto=head):
        for record, told in records:
            for frame in wire.frames(record, told):
                yield f"frame {number}", frame.encode()
                number += 1
        position = records[-1].record.position or 0
        if len(records) < PAGE:
            return


def mailed_to(user: User) -> Answers:
    to_them = [mail for mail in mails() if mail.to == [user.email]]
    for number, mail in enumerate(to_them):
        html = "".join(str(part.content) for part in mail.alternatives)
        yield f"mail {number}", f"{mail.subject}\n{mail.from_email}\n{mail.body}\n{html}".encode()


def told_of(answers: dict[str, bytes], kind: str) -> int:
    return sum(f". {kind} " in question for question in answers)


def is_equal(with_notes: dict[str, bytes], without: dict[str, bytes]) -> None:
    assert list(with_notes) == list(without)
    for question, answer in without.items():
        assert with_notes[question] == answer, question


@pytest.mark.slow
def test_a_customer_cannot_tell_a_desk_with_notes_from_one_without(
    numbered_apart: None, api_as: Api, django_capture_on_commit_callbacks: Any
) -> None:
    worlds, notes = [], []
    for with_notes in (True, False):
        # Both begin at the same moment of the same database: what was committed before is seen by neither customer.
        with undone(), time_machine.travel(NOON, tick=False) as clock:
            customer, agent = UserFactory(username="ada", name="Ada"), AgentFactory(username="grace", name="Grace")
            staff = api_as(agent)
            Category.objects.create(name="Printers")
            Tag.objects.create(name="fire")
            with django_capture_on_commit_callbacks(execute=True):
                desk = Desk(
                    api_as(customer),
                    staff,
                    wait=lambda: clock.shift(1),
                    agent_id=agent.pk,
                    notes=with_notes,
                )
                desk.live()
            moments = ["2026-11-20T12:00:30Z", "2026-11-20T12:01:30Z"]
            answers, asking = desk.asked(WORDS, moments, start=start())
            worlds.append(renumbered(chain(answers, pushed_to(customer), mailed_to(customer))))
            notes.append(Comment.objects.filter(is_internal=True).count())
            if with_notes:
                seen_by_staff = b"".join(
                    staff.get(f"/api/tickets/{ticket}/{part}").content
                    for ticket in desk.tickets
                    for part in ("", "timeline/", "comments/")
                )
                found_by_staff = staff.get(f"/api/tickets/?search={SECRET}").json()["count"]

    # There was something to leak, and staff saw it.
    assert notes == [30, 0]
    assert seen_by_staff.count(SECRET.encode()) > 20
    assert found_by_staff == 6
    with_notes_, without = worlds
    is_equal(with_notes_, without)
    # And everything there is to ask was asked.
    assert {path for path, methods in described()["paths"].items() if "get" in methods} - asking.reached == CLOSED
    assert told_of(without, "step") > 100
    assert told_of(without, "frame") > 5 < told_of(without, "mail")


@pytest.mark.slow
def test_nor_over_the_network(
    numbered_apart: None, valkey: Valkey, smtp: Smtp, daphne: Daphne, worker: Worker, beat: Beat
) -> None:
    """Two customers at one desk, with its sockets, its cache and its mails; about one of them notes are written."""
    desk = Service(valkey, smtp, daphne, worker, beat)
    AgentFactory(username="grace", name="Grace")
    worlds = []
    with ExitStack() as open_things:
        grace = open_things.enter_context(closing(Person(desk.base_url, "grace")))
        agent_id = grace.answer(200, "GET", "/api/users/me/")["id"]
        for name, with_notes in (("qqada", True), ("qqeve", False)):
            customer = UserFactory(username=name, name=name.title())
            person = open_things.enter_context(closing(Person(desk.base_url, name)))
            began = person.answer(200, "GET", "/api/events/")["head"]
            with person.listen(desk.ws_url) as ear:
                lived = Desk(
                    Remote(person.http), Remote(grace.http), wait=lambda: None, agent_id=agent_id, notes=with_notes
                )
                lived.live()
                frames = [
                    (f"frame {n}", json.dumps(frame, separators=(",", ":")).encode())
                    for n, frame in enumerate(heard(ear))
                ]
            answers, _asking = lived.asked(WORDS, ["2026-01-01T00:00:00Z"], start=began)
            eventually(nothing_is_owed, seconds=60)
            to_them = [mail for mail in desk.smtp.mails if mail.to == [customer.email]]
            sent = [(f"mail {n}", f"{m.subject}\n{m.text}\n{m.html}".encode()) for n, m in enumerate(to_them)]
            found = renumbered(chain(answers, frames, sent), moments=True)
            worlds.append({question: anonymous(content, name) for question, content in found.items()})

    with_notes_, without = worlds
    assert told_of(without, "frame") > 5 < told_of(without, "mail")
    is_equal(with_notes_, without)


def heard(ear: Any) -> list[Any]:
    """Until nothing more comes."""
    frames = []
    while True:
        try:
            frames.append(ear.next(seconds=3))
        except TimeoutError:
            return frames


def nothing_is_owed() -> bool:
    receipts = EventReceipt.objects.filter(state="pending").exists()
    return not receipts and not Delivery.objects.filter(state=State.PENDING).exists()


def anonymous(content: bytes, name: str) -> bytes:
    return content.replace(name.encode(), b"customer").replace(name.title().encode(), b"Customer")


def test_renumbering_hides_nothing_but_numbers() -> None:
    body = {
        "id": 3_000_000,
        "comments_count": 3,
        "version": 3,
        "ticket": 3_000_000,
        "at": "2026-11-20T12:00:00.123456Z",
    }
    text = b'ETag: "3-abc"\n' + json.dumps(body, separators=(",", ":")).encode()

    assert renumbered(iter([("q", text)])) == {
        "0. q": b'ETag: "3-#0"\n{"id":#1,"comments_count":3,"version":3,"ticket":#1,"at":"2026-11-20T12:00:00.123456Z"}'
    }
