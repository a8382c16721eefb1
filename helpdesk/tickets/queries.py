"""Reads: lists as plain values, never as model instances, and each number as the reader may see it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, Func, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import JSONObject

from helpdesk.accounts.models import User
from helpdesk.accounts.roles import Permission
from helpdesk.events.models import EventRecord
from helpdesk.tickets.enums import LINK_NAMES, MOVES, REOPENABLE, Status, Tallied
from helpdesk.tickets.models import (
    Attachment,
    AttachmentQuerySet,
    Comment,
    CommentQuerySet,
    Living,
    Membership,
    Merge,
    Tag,
    Team,
    Ticket,
    TicketLink,
    TicketQuerySet,
    sees_all,
)

COMMENTS_IN_DETAIL: Final = 100

# The address of a file's bytes, by its id.
Link = Callable[[int], str]


@dataclass(frozen=True)
class Sight:
    """The columns that an internal note or another team moves, as staff or the public see them."""

    comments_count: str
    last_comment_at: str
    updated_at: str
    version: str


STAFF: Final = Sight("comments_count", "last_comment_at", "updated_at", "version")
PUBLIC: Final = Sight("public_comments_count", "public_last_comment_at", "public_updated_at", "public_version")


def sight_of(user: User) -> Sight:
    return STAFF if user.may(Permission.SEE_NOTES) else PUBLIC


_LINKED: Final = ("id", "title", "status")
_USER: Final = ("id", "username", "name", "role")
_NAMED: Final = ("id", "name")
_PLAIN: Final = ("id", "title", "status", "priority", "created_at")


class _OneOf(Func):
    """`id = ANY(ids)`"""

    template = "%(expressions)s)"
    arg_joiner = " = ANY("
    output_field = BooleanField()


# In the statement of the list itself, and only for the rows of the page.
_TAGS: Final = ArraySubquery(Tag.objects.filter(_OneOf("pk", OuterRef("tag_ids"))).values("name"))


def _columns(path: str, fields: tuple[str, ...] = _USER) -> list[str]:
    return [f"{path}__{field}" for field in fields]


def _related(row: dict[str, Any], path: str, fields: tuple[str, ...] = _USER) -> dict[str, Any] | None:
    if row[f"{path}__id"] is None:
        return None
    return {field: row[f"{path}__{field}"] for field in fields}


def ticket_values(tickets: TicketQuerySet, *, user: User, also: tuple[str, ...] = ()) -> QuerySet[Any, dict[str, Any]]:
    """One row a ticket, in one statement; `ticket_body` makes the wire shape of it."""
    sight = sight_of(user)
    values: QuerySet[Any, dict[str, Any]] = tickets.values(
        *_PLAIN,
        *also,
        *_columns("created_by"),
        *_columns("assigned_to"),
        *_columns("category", _NAMED),
        *(_columns("team", _NAMED) if user.may(Permission.SEE_TEAMS) else ()),
        sight.comments_count,
        sight.last_comment_at,
        sight.updated_at,
        sight.version,
        tags=_TAGS,
    )
    return values


def ticket_body(row: dict[str, Any], *, user: User) -> dict[str, Any]:
    """The list's fields of the contract."""
    sight = sight_of(user)
    body = {
        "id": row["id"],
        "title": row["title"],
        "status": row["status"],
        "priority": row["priority"],
        "category": _related(row, "category", _NAMED),
        "tags": sorted(row["tags"]),
        "created_by": _related(row, "created_by"),
        "assigned_to": _related(row, "assigned_to"),
        "comments_count": row[sight.comments_count],
        "last_comment_at": row[sight.last_comment_at],
        "created_at": row["created_at"],
        "updated_at": row[sight.updated_at],
        "version": row[sight.version],
    }
    if user.may(Permission.SEE_TEAMS):
        body["team"] = _related(row, "team", _NAMED)
    return body


def team_values(teams: QuerySet[Team]) -> QuerySet[Any, Any]:
    """One row a team, its members in the same statement: those who are active agents."""
    agents = User.objects.who_may(Permission.BE_ASSIGNED)
    members = Membership.objects.filter(team=OuterRef("pk"), user__in=agents).order_by("user")
    person = JSONObject(**{field: f"user__{field}" for field in _USER})
    people = ArraySubquery(members.values(person=person))
    values: QuerySet[Any, Any] = teams.values("id", "name", "assignment", people=people)
    return values


def team_body(row: dict[str, Any]) -> dict[str, Any]:
    return {"id": row["id"], "name": row["name"], "members": row["people"], "assignment": row["assignment"]}


def ticket_detail(
    tickets: TicketQuerySet, *, ticket_id: int, user: User, now: datetime, link: Link
) -> tuple[dict[str, Any], int | None] | None:
    """The detail in three statements, and the id of the oldest comment shown if there are older ones."""
    # Of a ticket that the caller does not see, not even the number is told, whichever `tickets` this one is among.
    seen, known = Ticket.objects.visible_to(user), Ticket.objects.in_scope_of(user)
    others = {"followed": (seen, "follow_up_of"), "merged": (known, "merged_into"), "split": (known, "split_from")}
    merges = Merge.objects.filter(source=OuterRef("pk"), undone_at=None)
    tickets = tickets.annotate(
        merged_at=Subquery(merges.values("merged_at")),
        **{name: Subquery(rows.filter(pk=OuterRef(column)).values("pk")) for name, (rows, column) in others.items()},
    )
    also = ("description", "closed_at", "merged_into_id", "merged_at", *others)
    row = ticket_values(tickets, user=user, also=also).filter(pk=ticket_id).first()
    if row is None:
        return None
    comments = Comment.objects.of_sight(user).filter(ticket_id=ticket_id).order_by("-created_at", "-id")
    rows = list(comment_values(comments)[: COMMENTS_IN_DETAIL + 1])
    shown = rows[:COMMENTS_IN_DETAIL]
    attachments = add_attachments(shown, ticket_id=ticket_id, link=link)
    body = ticket_body(row, user=user) | {
        "description": row["description"],
        "follow_up_of": row["followed"],
        "merged_into": row["merged"],
        "split_from": row["split"],
        "comments": [comment_body(comment, user=user) for comment in reversed(shown)],
        "attachments": attachments,
        "allowed_actions": allowed_actions(row, user=user, now=now),
    }
    return body, shown[-1]["id"] if len(rows) > len(shown) else None


def living(of: Tallied, *, user: User) -> Living | None:
    """How many of the living tickets or comments the user sees, where that is all there are."""
    return Living(of) if sees_all(user) and user.may(Permission.SEE_NOTES) else None


def comment_values(comments: CommentQuerySet) -> QuerySet[Any, dict[str, Any]]:
    values: QuerySet[Any, dict[str, Any]] = comments.values(
        "id",
        "ticket_id",
        "moved_from_id",
        "content",
        "is_internal",
        "created_at",
        "edited_at",
        "version",
        *_columns("author"),
    )
    return values


def attachment_values(attachments: AttachmentQuerySet) -> QuerySet[Any, dict[str, Any]]:
    values: QuerySet[Any, dict[str, Any]] = attachments.values(
        "id",
        "ticket_id",
        "comment_id",
        "moved_from_id",
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
        "uploaded_by": _related(row, "uploaded_by"),
        "created_at": row["created_at"],
        "moved_from": _moved_from(row),
        "url": link(row["id"]),
    }


def _moved_from(row: dict[str, Any]) -> int | None:
    """What has come back is at home."""
    origin: int | None = row["moved_from_id"]
    return origin if origin != row["ticket_id"] else None


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
        "author": _related(row, "author"),
        "content": row["content"],
        "moved_from": _moved_from(row),
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
    "steal": (Permission.STEAL_TICKET, frozenset(Status)),
    "assign": (Permission.EDIT_TICKET, frozenset(Status)),
    "unassign": (Permission.EDIT_TICKET, frozenset(Status)),
    "close": (Permission.CLOSE_OR_REOPEN_TICKET, frozenset(s for s in Status if Status.CLOSED in MOVES[s])),
    "reopen": (Permission.CLOSE_OR_REOPEN_TICKET, REOPENABLE),
    "follow_up": (Permission.OPEN_TICKET, frozenset({Status.CLOSED})),
    "delete": (Permission.DELETE_TICKET, frozenset(Status)),
    "link": (Permission.LINK_TICKETS, frozenset(Status)),
    "merge": (Permission.MERGE_TICKETS, frozenset(Status)),
    "unmerge": (Permission.MERGE_TICKETS, frozenset({Status.CLOSED})),
}
# What a merged ticket still takes: everything else goes on where it was merged into.
_OF_MERGED: Final = frozenset({"delete", "link"})


def allowed_actions(row: dict[str, Any], *, user: User, now: datetime) -> list[str]:
    """What the caller may do to the ticket as it stands, so that a client shows no button that answers 403 or 409."""
    may = [name for name, (permission, states) in _ACTIONS.items() if user.may(permission) and row["status"] in states]
    if row["merged_into_id"] is not None:
        # To undo it, one must know where it has gone.
        is_final = row["merged"] is None or is_merged_for_good(row["merged_at"], now=now)
        known = _OF_MERGED if is_final else {*_OF_MERGED, "unmerge"}
        return [name for name in may if name in known]
    assignee, until = row["assigned_to__id"], reopenable_until(row["status"], row["closed_at"])
    leads_nowhere = {
        "unmerge": True,
        "claim": assignee is not None,
        "steal": assignee in (None, user.pk),
        "unassign": assignee is None,
        "comment": row["status"] == Status.CLOSED and not user.may(Permission.COMMENT_ON_CLOSED_TICKET),
        "reopen": until is not None and until < now and not user.may(Permission.REOPEN_AT_ANY_TIME),
    }
    return [name for name in may if not leads_nowhere.get(name)]


def reopenable_until(status: str, closed_at: datetime | None) -> datetime | None:
    """When customers can no longer reopen a closed ticket; None where that does not come (`TICKET_REOPEN_DAYS=0`).

    A resolved one they can wake by a comment as long as it is resolved: for it no time runs.
    """
    if not settings.TICKET_REOPEN_DAYS or status != Status.CLOSED or closed_at is None:
        return None
    return closed_at + timedelta(days=settings.TICKET_REOPEN_DAYS)


def is_merged_for_good(merged_at: datetime, *, now: datetime) -> bool:
    """Whether the time to undo it is over (`TICKET_UNMERGE_DAYS`; 0: it never is)."""
    days = settings.TICKET_UNMERGE_DAYS
    return bool(days) and now - merged_at > timedelta(days=days)


def links_of(ticket_id: int, *, user: User) -> QuerySet[TicketLink]:
    """Those to tickets that the user sees too; the oldest first."""
    seen = Ticket.objects.visible_to(user)
    to, back = Q(source=ticket_id, target__in=seen), Q(target=ticket_id, source__in=seen)
    return TicketLink.objects.filter(to | back).order_by("id")


def link_values(links: QuerySet[TicketLink]) -> QuerySet[Any, dict[str, Any]]:
    ends = [f"{end}__{field}" for end in ("source", "target") for field in _LINKED]
    values: QuerySet[Any, dict[str, Any]] = links.values("id", "kind", "created_at", *ends, *_columns("created_by"))
    return values


def link_body(row: dict[str, Any], *, ticket_id: int) -> dict[str, Any]:
    """The link as this ticket sees it, with the other one."""
    is_source = row["source__id"] == ticket_id
    other = "target" if is_source else "source"
    return {
        "id": row["id"],
        "kind": LINK_NAMES[row["kind"]][0 if is_source else 1],
        "ticket": {field: row[f"{other}__{field}"] for field in _LINKED},
        "created_by": _related(row, "created_by"),
        "created_at": row["created_at"],
    }


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
