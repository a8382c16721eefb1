"""Reads: lists as plain values, never as model instances, and each number as the reader may see it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Q, QuerySet

from helpdesk.accounts.models import User
from helpdesk.accounts.roles import Permission
from helpdesk.events.models import EventRecord
from helpdesk.tickets.enums import MOVES, REOPENABLE, Status
from helpdesk.tickets.models import Attachment, AttachmentQuerySet, Comment, CommentQuerySet, TicketQuerySet

COMMENTS_IN_DETAIL: Final = 100

# The address of a file's bytes, by its id.
Link = Callable[[int], str]


@dataclass(frozen=True)
class Sight:
    """The columns that an internal note moves, as staff or the public see them."""

    comments_count: str
    last_comment_at: str
    updated_at: str


STAFF: Final = Sight("comments_count", "last_comment_at", "updated_at")
PUBLIC: Final = Sight("public_comments_count", "public_last_comment_at", "public_updated_at")


def sight_of(user: User) -> Sight:
    return STAFF if user.may(Permission.SEE_NOTES) else PUBLIC


_USER: Final = ("id", "username", "name", "role")
_PLAIN: Final = ("id", "title", "status", "priority", "created_at", "version")


def _columns(path: str) -> list[str]:
    return [f"{path}__{field}" for field in _USER]


def _user(row: dict[str, Any], path: str) -> dict[str, Any] | None:
    if row[f"{path}__id"] is None:
        return None
    return {field: row[f"{path}__{field}"] for field in _USER}


def ticket_values(tickets: TicketQuerySet, *, user: User, also: tuple[str, ...] = ()) -> QuerySet[Any, dict[str, Any]]:
    """One row a ticket, in one statement; `ticket_body` makes the wire shape of it."""
    sight = sight_of(user)
    values: QuerySet[Any, dict[str, Any]] = tickets.values(
        *_PLAIN,
        *also,
        *_columns("created_by"),
        *_columns("assigned_to"),
        sight.comments_count,
        sight.last_comment_at,
        sight.updated_at,
    )
    return values


def ticket_body(row: dict[str, Any], *, user: User) -> dict[str, Any]:
    """The list's fields of the contract."""
    sight = sight_of(user)
    return {
        "id": row["id"],
        "title": row["title"],
        "status": row["status"],
        "priority": row["priority"],
        "created_by": _user(row, "created_by"),
        "assigned_to": _user(row, "assigned_to"),
        "comments_count": row[sight.comments_count],
        "last_comment_at": row[sight.last_comment_at],
        "created_at": row["created_at"],
        "updated_at": row[sight.updated_at],
        "version": row["version"],
    }


def ticket_detail(
    tickets: TicketQuerySet, *, ticket_id: int, user: User, link: Link
) -> tuple[dict[str, Any], int | None] | None:
    """The detail in three statements, and the id of the oldest comment shown if there are older ones."""
    row = ticket_values(tickets, user=user, also=("description",)).filter(pk=ticket_id).first()
    if row is None:
        return None
    comments = Comment.objects.of_sight(user).filter(ticket_id=ticket_id).order_by("-created_at", "-id")
    rows = list(comment_values(comments)[: COMMENTS_IN_DETAIL + 1])
    shown = rows[:COMMENTS_IN_DETAIL]
    attachments = add_attachments(shown, ticket_id=ticket_id, link=link)
    body = ticket_body(row, user=user) | {
        "description": row["description"],
        "comments": [comment_body(comment, user=user) for comment in reversed(shown)],
        "attachments": attachments,
        "allowed_actions": allowed_actions(row, user=user),
    }
    return body, shown[-1]["id"] if len(rows) > len(shown) else None


def comment_values(comments: CommentQuerySet) -> QuerySet[Any, dict[str, Any]]:
    values: QuerySet[Any, dict[str, Any]] = comments.values(
        "id", "ticket_id", "content", "is_internal", "created_at", "edited_at", "version", *_columns("author")
    )
    return values


def attachment_values(attachments: AttachmentQuerySet) -> QuerySet[Any, dict[str, Any]]:
    values: QuerySet[Any, dict[str, Any]] = attachments.values(
        "id",
        "ticket_id",
        "comment_id",
        "filename",
        "content_type",
        "size",
        "blob__sha256",
        "blob__storage_name",
        "created_at",
        *_columns("uploaded_by"),
    )
    return values


def attachment_body(row: dict[str, Any], *, link: Link) -> dict[str, Any]:
    return {
        "id": row["id"],
        "filename": row["filename"],
        "content_type": row["content_type"],
        "size": row["size"],
        "sha256": row["blob__sha256"],
        "uploaded_by": _user(row, "uploaded_by"),
        "created_at": row["created_at"],
        "url": link(row["id"]),
    }


def add_attachments(
    comments: Sequence[dict[str, Any]], *, link: Link, ticket_id: int | None = None
) -> list[dict[str, Any]]:
    """Give each of these visible comments its files, in one statement for all; return those of the ticket itself."""
    comments_of = {row["id"]: row.setdefault("attachments", []) for row in comments}
    wanted = Q(comment__in=list(comments_of))
    if ticket_id is not None:
        wanted |= Q(comment=None)
    alive = Attachment.objects.filter(wanted, deleted_at=None)
    rows = alive if ticket_id is None else alive.filter(ticket_id=ticket_id)
    own: list[dict[str, Any]] = []
    for row in attachment_values(rows.order_by("id")):
        comments_of.get(row["comment_id"], own).append(attachment_body(row, link=link))
    return own


def comment_body(row: dict[str, Any], *, user: User) -> dict[str, Any]:
    body = {
        "id": row["id"],
        "ticket": row["ticket_id"],
        "author": _user(row, "author"),
        "content": row["content"],
        "attachments": row["attachments"],
        "created_at": row["created_at"],
        "edited_at": row["edited_at"],
        "version": row["version"],
    }
    if user.may(Permission.SEE_NOTES):
        body["is_internal"] = row["is_internal"]
    return body


def comments_before(comments: CommentQuerySet, *, comment_id: int) -> CommentQuerySet:
    """Those older than this one; none if the caller does not see it."""
    pivot = comments.filter(pk=comment_id).values_list("created_at", "id").first()
    if pivot is None:
        return comments.none()
    at, pk = pivot
    return comments.filter(Q(created_at__lt=at) | Q(created_at=at, pk__lt=pk))


# action -> (what it takes, from which states it leads anywhere)
_ACTIONS: Final[dict[str, tuple[Permission, frozenset[str]]]] = {
    "comment": (Permission.COMMENT, frozenset(Status)),
    "update": (Permission.EDIT_TICKET, frozenset(Status)),
    "claim": (Permission.CLAIM_TICKET, frozenset(Status)),
    "close": (Permission.CLOSE_OR_REOPEN_TICKET, frozenset(s for s in Status if Status.CLOSED in MOVES[s])),
    "reopen": (Permission.CLOSE_OR_REOPEN_TICKET, REOPENABLE),
    "delete": (Permission.DELETE_TICKET, frozenset(Status)),
}


def allowed_actions(row: dict[str, Any], *, user: User) -> list[str]:
    """What the caller may do to the ticket as it stands, so that a client shows no button that answers 403 or 409."""
    may = [name for name, (permission, states) in _ACTIONS.items() if user.may(permission) and row["status"] in states]
    if row["assigned_to__id"] is not None and "claim" in may:
        may.remove("claim")
    if row["status"] == Status.CLOSED and not user.may(Permission.COMMENT_ON_CLOSED_TICKET):
        may.remove("comment")
    return may


def timeline(*, ticket_id: int, user: User) -> QuerySet[EventRecord]:
    """What happened to a visible ticket, newest first; the id keeps the order, since the row lock made it."""
    records = EventRecord.objects.filter(subject_type="ticket", subject_id=ticket_id)
    return (records if user.may(Permission.SEE_STAFF_EVENTS) else records.filter(staff_only=False)).order_by("-id")


def timeline_bodies(records: list[EventRecord]) -> list[dict[str, Any]]:
    """The wire shape; one more statement for all the actors together."""
    actors = User.objects.in_bulk({record.actor_id for record in records if record.actor_id})
    return [
        {
            "id": record.pk,
            "type": record.type,
            "occurred_at": record.occurred_at,
            **record.body,
            "actor": actors[record.actor_id].as_dict() if record.actor_id in actors else None,
            "changes": record.changes,
        }
        for record in records
    ]
