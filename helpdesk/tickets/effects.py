"""What each event sets, for the replay of a ticket's history.

It repeats what the operations do, on purpose: the nightly check compares the two, and a change that nobody told, or
that was told wrongly, shows.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, NamedTuple

from helpdesk.tickets.enums import REOPENABLE, Status

Columns = dict[str, Any]


class Happened(NamedTuple):
    """An event record, as far as a replay needs it; `data` without what comments say."""

    record_id: int
    ticket_id: int
    type: str
    at: datetime
    actor_id: int | None
    staff_only: bool
    data: Mapping[str, Any]
    # Of what the comment says.
    digest: str | None


@dataclass
class PastComment:
    """`said_in` is the record that holds its text."""

    author_id: int | None
    is_internal: bool
    created_at: datetime
    digest: str | None
    said_in: int
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    version: int = 1
    moved_from_id: int | None = None


@dataclass
class PastFile:
    """On the ticket itself without a comment."""

    comment_id: int | None
    deleted_at: datetime | None = None
    moved_from_id: int | None = None


@dataclass
class Past:
    """A ticket as it was; without `columns` it was not there yet."""

    columns: Columns = field(default_factory=dict)
    comments: dict[int, PastComment] = field(default_factory=dict)
    files: dict[int, PastFile] = field(default_factory=dict)
    # Who changed it last, and when: of one change each event has the same.
    last_change: tuple[datetime, int | None] | None = None

    def living_comments(self) -> dict[int, PastComment]:
        return {pk: comment for pk, comment in self.comments.items() if comment.deleted_at is None}


# By ticket: comments may go from one to another, so tickets that had something of each other are replayed together.
Pasts = dict[int, Past]


@dataclass(frozen=True)
class Effect:
    """What an event does to a ticket: the columns it sets, the comments and files it changes.

    An event of the ticket's own counts a version. Both own ones and those about comments move its times; an internal
    note, the staff's only, and so does a change that is `private`.
    """

    sets: Callable[[Columns, Happened], Columns] = lambda _columns, _event: {}
    parts: Callable[[Pasts, Happened], None] = lambda _pasts, _event: None
    # The tickets that it is about, where there are two.
    between: Callable[[Happened], frozenset[int]] = lambda _event: frozenset()
    counts: bool = False
    touches: bool = False
    private: bool = False


def own(sets: Callable[[Columns, Happened], Columns]) -> Effect:
    return Effect(sets=sets, counts=True, touches=True)


def beside(parts: Callable[[Pasts, Happened], None]) -> Effect:
    """To its comments or files, not to its own columns."""
    return Effect(parts=parts, touches=True)


def carried(effect: Effect, *, to: str, giver: str, back: bool = False) -> Effect:
    """The effect, and what goes from one ticket to another: `giver` and `to` say under which names the two stand.

    Each of the two has a record of it; the first one moves them.
    """

    def move(pasts: Pasts, event: Happened) -> None:
        source, target = pasts[event.data[giver]], pasts[event.data[to]]
        went: list[tuple[Any, Any, list[int]]] = [
            (source.comments, target.comments, [*event.data["comment_ids"], *event.data["note_ids"]]),
            (source.files, target.files, event.data["attachment_ids"]),
        ]
        for here, there, ids in went:
            for pk in ids:
                if part := here.pop(pk, None):
                    part.moved_from_id = _came_from(part, event.data[giver], event.data[to], back=back)
                    there[pk] = part

    return replace(effect, parts=move, between=lambda event: frozenset({event.data[giver], event.data[to]}))


# Told of the ticket, but no change of it.
ASIDE: Final = Effect()


# What no ticket has when it is opened.
UNSET: Final[Columns] = dict.fromkeys(
    (
        *("started_at", "resolved_at", "closed_at", "reopened_at", "deleted_at"),
        *("merged_into_id", "split_from_id"),
    )
)


def _came_from(part: PastComment | PastFile, source: int, target: int, *, back: bool) -> int | None:
    """Where it was written, however far it has come since; nowhere else once it is back there."""
    if back:
        return None if part.moved_from_id == target else part.moved_from_id
    return part.moved_from_id or source


def _opened(_columns: Columns, event: Happened) -> Columns:
    data = event.data
    return UNSET | {
        "title": data["title"],
        "description": data["description"],
        "status": data["status"],
        "priority": data["priority"],
        "created_by_id": data["creator_id"],
        "assigned_to_id": id_of(data["assignee"]),
        "follow_up_of_id": data.get("follow_up_of"),
        "category_id": id_of(data.get("category")),
        "team_id": id_of(data.get("team")),
        "tag_ids": ids_of(data.get("tags", [])),
        "created_at": event.at,
    }


def _moved(columns: Columns, event: Happened) -> Columns:
    """The status, and the stamps of the move."""
    old, new = columns["status"], event.data["new_status"]
    moved = {"status": new}
    if columns["merged_into_id"]:
        # A merge is undone: what the ticket gets back is told by the event after this one.
        return moved
    if old == Status.OPEN and columns["started_at"] is None:
        moved["started_at"] = event.at
    if new in _STAMPS:
        moved[_STAMPS[new]] = event.at
    if old in REOPENABLE and new not in REOPENABLE:
        moved["reopened_at"] = event.at
    return moved


def _updated(_columns: Columns, event: Happened) -> Columns:
    written = {}
    for name, (_old, new) in event.data["fields"].items():
        column, value_of = _UPDATED[name]
        written[column] = value_of(new)
    return written


def _merged(_columns: Columns, event: Happened) -> Columns:
    data = event.data
    return {"merged_into_id": data["target_id"]} if event.ticket_id == data["source_id"] else {}


def _unmerged(_columns: Columns, event: Happened) -> Columns:
    data = event.data
    if event.ticket_id != data["source_id"]:
        return {}
    stamps = {name: data[name] and datetime.fromisoformat(data[name]) for name in ("started_at", "closed_at")}
    return {"merged_into_id": None, **stamps}


def _split(_columns: Columns, event: Happened) -> Columns:
    data = event.data
    return {"split_from_id": data["source_id"]} if event.ticket_id == data["target_id"] else {}


def _said(pasts: Pasts, event: Happened) -> None:
    pasts[event.ticket_id].comments[event.data["comment_id"]] = PastComment(
        author_id=event.actor_id,
        is_internal=event.staff_only,
        created_at=event.at,
        digest=event.digest,
        said_in=event.record_id,
    )


def _edited(pasts: Pasts, event: Happened) -> None:
    comment = pasts[event.ticket_id].comments[event.data["comment_id"]]
    comment.digest, comment.said_in, comment.edited_at = event.digest, event.record_id, event.at
    comment.version += 1


def _taken_back(pasts: Pasts, event: Happened) -> None:
    comment = pasts[event.ticket_id].comments[event.data["comment_id"]]
    comment.deleted_at = event.at
    comment.version += 1
    for file in pasts[event.ticket_id].files.values():
        if file.comment_id == event.data["comment_id"] and file.deleted_at is None:
            file.deleted_at = event.at


def _attached(pasts: Pasts, event: Happened) -> None:
    pasts[event.ticket_id].files[event.data["attachment_id"]] = PastFile(comment_id=event.data["comment_id"])


def _detached(pasts: Pasts, event: Happened) -> None:
    pasts[event.ticket_id].files[event.data["attachment_id"]].deleted_at = event.at


def id_of(row: Mapping[str, Any] | None) -> int | None:
    """Of a person, or whatever else an event names by `{"id", …}`."""
    return row["id"] if row else None


def ids_of(rows: list[Mapping[str, Any]]) -> list[int]:
    return sorted(row["id"] for row in rows)


def _same(value: Any) -> Any:
    return value


# Field of `ticket_updated` -> the column that it sets, and how the told value becomes the column's.
_UPDATED: Final[dict[str, tuple[str, Callable[[Any], Any]]]] = {
    "title": ("title", _same),
    "description": ("description", _same),
    "category": ("category_id", id_of),
    "tags": ("tag_ids", ids_of),
}

_AWAY: Final[dict[str, Any]] = {"giver": "source_id", "to": "target_id"}
_BACK: Final[dict[str, Any]] = {"giver": "target_id", "to": "source_id", "back": True}

_STAMPS: Final = {Status.RESOLVED: "resolved_at", Status.CLOSED: "closed_at"}

# Event name -> what it sets. An event of tickets that is not here fails a test.
EFFECTS: Final[dict[str, Effect]] = {
    "ticket_created": own(_opened),
    "status_changed": own(_moved),
    "priority_changed": own(lambda _columns, event: {"priority": event.data["new_priority"]}),
    "ticket_assigned": own(lambda _columns, event: {"assigned_to_id": id_of(event.data["new_assignee"])}),
    "ticket_team_changed": replace(
        own(lambda _columns, event: {"team_id": id_of(event.data["new_team"])}), private=True
    ),
    "ticket_updated": own(_updated),
    "ticket_deleted": own(lambda _columns, event: {"deleted_at": event.at}),
    "ticket_restored": own(lambda _columns, _event: {"deleted_at": None}),
    "comment_added": beside(_said),
    "comment_updated": beside(_edited),
    "comment_deleted": beside(_taken_back),
    "note_added": beside(_said),
    "note_updated": beside(_edited),
    "note_deleted": beside(_taken_back),
    "ticket_merged": carried(own(_merged), **_AWAY),
    "ticket_unmerged": carried(own(_unmerged), **_BACK),
    "ticket_split": carried(Effect(sets=_split, touches=True), **_AWAY),
    "note_split": carried(Effect(sets=_split, touches=True), **_AWAY),
    "attachment_added": beside(_attached),
    "attachment_deleted": beside(_detached),
    "note_attachment_added": beside(_attached),
    "note_attachment_deleted": beside(_detached),
    "ticket_linked": ASIDE,
    "ticket_unlinked": ASIDE,
}
