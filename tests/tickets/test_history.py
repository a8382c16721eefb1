"""`GET /api/tickets/{id}/?at=`: the ticket as it was then, for the caller's eyes."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine

from helpdesk.events.declaration import EVENT_TYPES
from helpdesk.tickets import effects
from helpdesk.tickets.effects import EFFECTS, Happened
from helpdesk.tickets.events import TicketEvent
from helpdesk.tickets.history import replay
from helpdesk.tickets.models import Ticket
from tests.factories import comment_on, ticket_of
from tests.people import NOON
from tests.tickets.files import upload

Api = Callable[[Any], Any]

MINUTE = timedelta(minutes=1)


def at(client: Any, ticket: Any, moment: datetime | str) -> Any:
    said = moment if isinstance(moment, str) else moment.isoformat()
    return client.get(f"/api/tickets/{ticket.pk}/", {"at": said})


Step = Callable[[], Any]


def life_of(ticket: Any, *, customer: Any, agent: Any, admin: Any, api_as: Api) -> Iterator[Step]:
    """Everything that the API can do to a ticket, one step after the other."""
    theirs, staffs, admins = api_as(customer), api_as(agent), api_as(admin)
    url, ids = f"/api/tickets/{ticket.pk}/", {}

    def say(name: str, client: Any, **body: Any) -> Step:
        return lambda: ids.update({name: client.post(f"{url}comments/", body).json()["id"]})

    def attach(name: str, client: Any, to: str | None = None) -> Step:
        about = {"comment": ids[to]} if to else {}
        return lambda: ids.update({name: upload(client, ticket, **about).json()["id"]})

    def remove(name: str, client: Any) -> Step:
        return lambda: client.delete(f"/api/attachments/{ids[name]}/")

    def edit(name: str, client: Any, content: str) -> Step:
        return lambda: client.patch(f"/api/comments/{ids[name]}/", {"content": content})

    def take_back(name: str, client: Any) -> Step:
        return lambda: client.delete(f"/api/comments/{ids[name]}/")

    yield say("first", theirs, content="Help!")
    yield say("note", staffs, content="Weird one.", is_internal=True)
    yield lambda: staffs.patch(url, {"status": "in_progress", "priority": "high", "title": "Smoke"})
    yield attach("picture", theirs)
    yield attach("clue", theirs, "first")
    yield attach("secret clue", staffs, "note")
    yield edit("first", theirs, "Help, please!")
    yield edit("note", staffs, "Weird two.")
    yield lambda: staffs.post(f"{url}claim/")
    yield say("answer", staffs, content="Water helps.")
    yield lambda: admins.patch(url, {"assigned_to": admin.pk, "description": "It smokes."})
    yield lambda: staffs.patch(url, {"status": "resolved"})
    yield say("woken", theirs, content="It burns again.")
    yield remove("picture", theirs)
    yield remove("secret clue", staffs)
    yield take_back("first", theirs)
    yield say("second note", admins, content="Weird three.", is_internal=True)
    yield take_back("second note", admins)
    yield lambda: theirs.post(f"{url}close/")
    yield lambda: staffs.delete(url)
    yield lambda: admins.post(f"{url}restore/")
    yield lambda: theirs.post(f"{url}reopen/")
    yield lambda: staffs.post(
        "/api/tickets/bulk/",
        {"mode": "atomic", "ids": [ticket.pk], "changes": {"status": "pending", "priority": "low"}},
    )
    yield lambda: staffs.patch(url, {"assigned_to": None})


def test_at_any_moment_it_is_answered_as_it_was_answered_then(
    api_as: Api, customer: Any, agent: Any, admin: Any
) -> None:
    seen: list[tuple[datetime, dict[str, Any]]] = []
    with time_machine.travel(NOON, tick=False) as clock:
        ticket = ticket_of(customer)
        clients = {user.role: api_as(user) for user in (customer, agent, admin)}

        def look() -> None:
            now = datetime.now(NOON.tzinfo)
            seen.append((now, {role: client.get(f"/api/tickets/{ticket.pk}/") for role, client in clients.items()}))

        look()
        for step in life_of(ticket, customer=customer, agent=agent, admin=admin, api_as=api_as):
            clock.shift(MINUTE)
            step()
            look()

        statuses = set()
        for moment, answers in seen:
            for role, then in answers.items():
                now = at(clients[role], ticket, moment + MINUTE / 2)
                statuses.add(then.status_code)
                assert now.status_code == then.status_code, (moment, role)
                if then.status_code == 200:
                    assert now.json() == then.json() | {"allowed_actions": []}, (moment, role)
                    assert at(clients[role], ticket, moment).json() == now.json()
    assert statuses == {200, 404}  # it was deleted for a while
    assert len({str(answers["customer"].content) for _moment, answers in seen}) > 10


def test_before_it_was_opened_it_is_not_there(api_as: Api, customer: Any) -> None:
    ticket, client = ticket_of(customer), api_as(customer)
    assert at(client, ticket, NOON).status_code == 200
    assert at(client, ticket, NOON - timedelta(microseconds=1)).status_code == 404
    assert at(client, ticket, "0001-01-01T00:00:00+14:00").status_code == 404
    assert at(client, ticket, "9999-12-31T23:59:59-14:00").status_code == 200


def test_a_stranger_sees_it_at_no_time(api_as: Api, customer: Any, stranger: Any) -> None:
    ticket = ticket_of(customer)
    for moment in (NOON, NOON - MINUTE, NOON + MINUTE):
        foreign = at(api_as(stranger), ticket, moment)
        missing = api_as(stranger).get("/api/tickets/9000000000/", {"at": moment.isoformat()})
        assert foreign.status_code == 404
        assert foreign.json() | {"request_id": ""} == missing.json() | {"request_id": ""}


def test_a_deleted_ticket_has_no_past_either(api_as: Api, customer: Any, admin: Any) -> None:
    ticket = ticket_of(customer)
    api_as(admin).delete(f"/api/tickets/{ticket.pk}/")
    for user in (customer, admin):
        assert at(api_as(user), ticket, NOON).status_code == 404


def test_a_note_leaves_no_trace_in_what_a_customer_reads_of_the_past(api_as: Api, customer: Any, agent: Any) -> None:
    with_notes, without = ticket_of(customer), ticket_of(customer)
    for ticket in (with_notes, without):
        comment_on(ticket, agent, content="Water helps.", now=NOON + MINUTE)
    comment_on(with_notes, agent, content="Weird.", is_internal=True, now=NOON + 2 * MINUTE)
    client = api_as(customer)
    for moment in (NOON, NOON + MINUTE, NOON + 2 * MINUTE, NOON + 3 * MINUTE):
        one, other = (at(client, ticket, moment).json() for ticket in (with_notes, without))
        for body in (one, other):
            body.pop("id")
            for comment in body["comments"]:
                del comment["id"], comment["ticket"]
        assert one == other


def test_it_shows_the_latest_hundred_comments_of_that_time(api_as: Api, customer: Any) -> None:
    ticket = ticket_of(customer)
    for n in range(105):
        comment_on(ticket, customer, content=str(n), now=NOON + n * MINUTE)
    body = at(api_as(customer), ticket, NOON + 102 * MINUTE).json()
    assert [comment["content"] for comment in body["comments"]] == [str(n) for n in range(3, 103)]
    assert (body["comments_count"], body["comments_previous"]) == (103, None)


@pytest.mark.parametrize(
    "moment", ["yesterday", "2026-13-01", "2026-11-20T25:00:00Z", "0", "2026-11-20T10:00:00+20:00"]
)
def test_what_is_no_time_is_refused(api_as: Api, customer: Any, moment: str) -> None:
    response = at(api_as(customer), ticket_of(customer), moment)
    assert response.status_code == 400
    assert [(fault["field"], fault["code"]) for fault in response.json()["errors"]] == [("at", "invalid")]


def test_without_a_time_it_is_now(api_as: Api, customer: Any) -> None:
    ticket, client = ticket_of(customer), api_as(customer)
    assert at(client, ticket, "").json() == client.get(f"/api/tickets/{ticket.pk}/").json()


# --- the replay -------------------------------------------------------------------------------------------------------


def test_every_event_of_tickets_stands_in_the_table() -> None:
    declared = {name for name, event_type in EVENT_TYPES.items() if issubclass(event_type, TicketEvent)}
    assert set(EFFECTS) == declared


def test_every_column_is_replayed_or_known_not_to_be() -> None:
    from helpdesk.tickets.history import COLUMNS

    columns = {field.attname for field in Ticket._meta.concrete_fields if not field.generated}
    assert columns - set(COLUMNS) == {"id"}


def happened(record_id: int, kind: str, ticket_id: int = 1, *, minutes: float = 0, **data: Any) -> Happened:
    values = {"creator_id": 5, "assignee": None, "title": "x", "description": "y", "status": "open", "priority": "low"}
    return Happened(
        record_id=record_id,
        ticket_id=ticket_id,
        type=kind,
        at=NOON + minutes * MINUTE,
        actor_id=5,
        staff_only=kind.startswith("note"),
        data=(values if kind == "ticket_created" else {}) | data,
        digest=data.get("content"),
    )


def test_a_clock_that_runs_behind_leaves_no_state_that_never_was() -> None:
    """The second change was told with an earlier time than the first one, on which it was built."""
    events = [
        happened(1, "ticket_created"),
        happened(2, "status_changed", minutes=2, new_status="resolved"),
        happened(3, "priority_changed", minutes=1, new_priority="high"),
    ]
    for minutes, expected in ((1.5, ("open", "low")), (2, ("resolved", "high"))):
        columns = replay(events, at=NOON + minutes * MINUTE)[1].columns
        assert (columns["status"], columns["priority"]) == expected
    assert columns["updated_at"] == NOON + 2 * MINUTE


def test_records_from_before_they_kept_the_version_count_one_for_each_change() -> None:
    events = [
        happened(1, "ticket_created"),
        happened(2, "ticket_assigned", new_assignee={"id": 7}),
        happened(3, "status_changed", minutes=1, new_status="pending"),
        happened(4, "priority_changed", minutes=1, new_priority="high"),
        happened(5, "comment_added", minutes=2, comment_id=1, content="x"),
        happened(6, "status_changed", minutes=2, new_status="open"),
    ]
    assert [replay(events[:n])[1].columns["version"] for n in range(1, 7)] == [1, 1, 2, 2, 2, 3]


def test_comments_that_went_to_another_ticket_are_there_from_then_on(monkeypatch: pytest.MonkeyPatch) -> None:
    moved = {"giver": "source_id", "to": "target_id"}
    back = {"giver": "target_id", "to": "source_id", "back": True}
    nothing = effects.own(lambda _columns, _event: {})
    monkeypatch.setitem(EFFECTS, "ticket_poured", effects.carried(nothing, **moved))
    monkeypatch.setitem(EFFECTS, "ticket_poured_back", effects.carried(nothing, **back))
    pouring = {
        "source_id": 1,
        "target_id": 2,
        "comment_ids": [10],
        "note_ids": [11],
        "attachment_ids": [],
        "version": 2,
    }
    events = [
        happened(1, "ticket_created"),
        happened(2, "ticket_created", 2),
        happened(3, "comment_added", comment_id=10, content="x"),
        happened(4, "note_added", comment_id=11, content="y"),
        happened(5, "ticket_poured", 1, **pouring),
        happened(6, "ticket_poured", 2, **pouring),
        happened(7, "comment_updated", 2, comment_id=10, content="z"),
        happened(8, "ticket_poured_back", 1, **pouring),
        happened(9, "ticket_poured_back", 2, **pouring),
    ]

    def there(until: int) -> dict[int, dict[int, tuple[Any, Any]]]:
        return {
            ticket: {pk: (said.digest, said.moved_from_id) for pk, said in past.comments.items()}
            for ticket, past in replay(events[:until]).items()
        }

    assert there(4) == {1: {10: ("x", None), 11: ("y", None)}, 2: {}}
    assert there(5) == there(6) == {1: {}, 2: {10: ("x", 1), 11: ("y", 1)}}
    assert there(9) == {1: {10: ("z", None), 11: ("y", None)}, 2: {}}
    assert replay(events[:6])[2].columns["public_comments_count"] == 1


def test_a_comment_that_went_twice_still_says_where_it_was_written(monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = effects.own(lambda _columns, _event: {})
    monkeypatch.setitem(EFFECTS, "ticket_poured", effects.carried(nothing, giver="source_id", to="target_id"))
    carried = {"comment_ids": [10], "note_ids": [], "attachment_ids": [], "version": 2}
    events = [
        *(happened(n, "ticket_created", n) for n in (1, 2, 3)),
        happened(4, "comment_added", comment_id=10, content="x"),
        happened(5, "ticket_poured", 1, source_id=1, target_id=2, **carried),
        happened(6, "ticket_poured", 2, source_id=2, target_id=3, **carried),
    ]
    assert replay(events)[3].comments[10].moved_from_id == 1
