"""Tickets as they were: the records that a replay takes, and what it makes for the wire."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any, Final

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Func, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import MD5

from helpdesk.accounts.models import User
from helpdesk.accounts.roles import Permission
from helpdesk.events.models import EventRecord
from helpdesk.tickets.effects import EFFECTS, Happened, Past, PastComment, Pasts
from helpdesk.tickets.history import replay
from helpdesk.tickets.models import Attachment, Category, Tag, Team, Ticket, TicketQuerySet
from helpdesk.tickets.queries import (
    COMMENTS_IN_DETAIL,
    Link,
    attachment_body,
    attachment_values,
    comment_body,
    ticket_body,
)

# Not read for a replay: a ticket may have thousands of comments, of 20,000 letters each.
_SAID: Final = ["content", "old_content"]
_CHUNK: Final = 500

# Relations of a row to people, by the column of their id.
_PEOPLE: Final = {"created_by": "created_by_id", "assigned_to": "assigned_to_id"}


class _Without(Func):
    """A JSON object without some of its members."""

    arg_joiner = " - "
    template = "(%(expressions)s)"
    output_field = models.JSONField()


def replayed(ticket_ids: Collection[int], *, at: datetime | None = None) -> Pasts:
    """These tickets, and whichever had something of theirs."""
    events: list[Happened] = []
    known: set[int] = set()
    while missing := set(ticket_ids) - known:
        new = list(_happened_to(missing))
        known |= missing
        ticket_ids = {ticket_id for event in new for ticket_id in EFFECTS[event.type].between(event)}
        events += new
    # The row locks made the ids of what happened to one ticket, or between two, follow each other.
    return replay(sorted(events), at=at)


def _happened_to(ticket_ids: Collection[int]) -> Iterator[Happened]:
    records = EventRecord.objects.filter(subject_type="ticket", subject_id__in=ticket_ids)
    rows = records.values_list(
        "id",
        "subject_id",
        "type",
        "occurred_at",
        "actor_id",
        "staff_only",
        _Without("data", Value(_SAID, output_field=ArrayField(models.TextField()))),
        MD5(KeyTextTransform("content", "data")),
    )
    return (Happened(*row) for row in rows.iterator(chunk_size=_CHUNK))


def detail_then(
    tickets: TicketQuerySet, *, ticket_id: int, at: datetime, user: User, link: Link
) -> dict[str, Any] | None:
    """The detail of one of the tickets as it was, for the eyes that the user has today; None if it was not there.

    People, categories, tags and teams are called as they are now, and left out if they are gone. Nothing can be done
    to what is past.
    """
    if not tickets.filter(pk=ticket_id).exists():
        return None
    past = replayed([ticket_id], at=at).get(ticket_id)
    if past is None or past.columns["deleted_at"]:
        return None
    shown = _shown(past, user)
    people = User.objects.in_bulk(
        {
            *(past.columns[column] for column in _PEOPLE.values() if past.columns[column]),
            *(comment.author_id for comment in shown.values() if comment.author_id),
        }
    )
    texts = dict(
        EventRecord.objects.filter(pk__in=[comment.said_in for comment in shown.values()]).values_list(
            "pk", KeyTextTransform("content", "data")
        )
    )
    files = _files(past, shown, ticket_id=ticket_id, link=link)
    known = Ticket.objects.in_scope_of(user)
    row = past.columns | {"id": ticket_id}
    for name, column in _PEOPLE.items():
        row |= _person(name, people.get(past.columns[column]))
    row |= _named("category", Category, row["category_id"]) | _named("team", Team, row["team_id"])
    tags = Tag.objects.filter(pk__in=row["tag_ids"])
    row["tags"] = list(tags.values_list("name", flat=True)) if row["tag_ids"] else []
    return ticket_body(row, user=user) | {
        "description": row["description"],
        "follow_up_of": _visible(tickets, row["follow_up_of_id"]),
        "merged_into": _visible(known, row["merged_into_id"]),
        "split_from": _visible(known, row["split_from_id"]),
        "comments": [
            comment_body(
                {
                    **vars(comment),
                    "id": pk,
                    "ticket_id": ticket_id,
                    "content": texts[comment.said_in],
                    "attachments": files[pk],
                    **_person("author", people.get(comment.author_id or 0)),
                },
                user=user,
            )
            for pk, comment in shown.items()
        ],
        "attachments": files[None],
        "comments_previous": None,
        "allowed_actions": [],
    }


def _visible(tickets: TicketQuerySet, ticket_id: int | None) -> int | None:
    """Of a ticket that the caller does not see, not even the number is told."""
    return ticket_id if ticket_id and tickets.filter(pk=ticket_id).exists() else None


def _shown(past: Past, user: User) -> dict[int, PastComment]:
    """The latest comments that the user may see, oldest first."""
    sees_notes = user.may(Permission.SEE_NOTES)
    seen = [(pk, said) for pk, said in past.living_comments().items() if sees_notes or not said.is_internal]
    seen.sort(key=lambda item: (item[1].created_at, item[0]))
    return dict(seen[-COMMENTS_IN_DETAIL:])


def _files(past: Past, shown: Collection[int], *, ticket_id: int, link: Link) -> dict[int | None, list[dict[str, Any]]]:
    """Those of the ticket itself under None, the others under the comment that they hang on."""
    files: dict[int | None, list[dict[str, Any]]] = {comment_id: [] for comment_id in (None, *shown)}
    there = {pk: file.comment_id for pk, file in past.files.items() if file.deleted_at is None}
    wanted = [pk for pk, comment_id in there.items() if comment_id in files]
    if wanted:
        for row in attachment_values(Attachment.objects.filter(pk__in=wanted).order_by("id")):
            then = {"ticket_id": ticket_id, "moved_from_id": past.files[row["id"]].moved_from_id}
            files[there[row["id"]]].append(attachment_body(row | then, link=link))
    return files


def _named(path: str, model: type[Category | Team], pk: int | None) -> dict[str, Any]:
    row = model.objects.filter(pk=pk).first() if pk else None
    return {f"{path}__id": row and row.pk, f"{path}__name": row and row.name}


def _person(path: str, person: User | None) -> dict[str, Any]:
    """The columns of a person, as a statement that joins them would have answered."""
    return {f"{path}__{name}": getattr(person, name, None) for name in ("id", "username", "name", "role")}
