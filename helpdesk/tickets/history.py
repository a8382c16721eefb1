"""What tickets were like, by replaying what happened to them. Nothing here asks the database."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from helpdesk.tickets.effects import EFFECTS, UNSET, Columns, Effect, Happened, Past, Pasts

_COUNTED: Final = ("comments_count", "last_comment_at", "public_comments_count", "public_last_comment_at")
# All that a replay knows of a row.
COLUMNS: Final = (
    *("title", "description", "status", "priority", "created_by_id", "assigned_to_id", "follow_up_of_id"),
    *("category_id", "team_id", "tag_ids"),
    *("created_at", "updated_at", "public_updated_at", "version", "public_version"),
    *UNSET,
    *_COUNTED,
)


def replay(events: Iterable[Happened], *, at: datetime | None = None) -> Pasts:
    """The tickets after these events, which come in the order of their ids; with `at`, as they were then.

    It ends with the first event that happened later. Clocks may differ, and an event may be told with an earlier time
    than the one before it: left out by its time alone, it would leave a state that never was.
    """
    pasts: Pasts = defaultdict(Past)
    for event in events:
        if at is not None and event.at > at:
            break
        _apply(pasts, event)
    for past in pasts.values():
        past.columns |= _counts(past)
    return pasts


def _apply(pasts: Pasts, event: Happened) -> None:
    effect, past = EFFECTS[event.type], pasts[event.ticket_id]
    columns = past.columns
    columns |= effect.sets(columns, event)
    effect.parts(pasts, event)
    if effect.touches:
        columns["updated_at"] = _later(columns.get("updated_at"), event.at)
        if not _is_hidden(effect, event):
            columns["public_updated_at"] = _later(columns.get("public_updated_at"), event.at)
    if effect.counts:
        change = (event.at, event.actor_id)
        # Records from before events kept the version: each change counts one, however many events it had.
        counted = columns.get("version", 0) + (past.last_change != change)
        columns["version"] = event.data.get("version") or counted
        columns["public_version"] = event.data.get("public_version") or columns["version"]
        past.last_change = change


def _is_hidden(effect: Effect, event: Happened) -> bool:
    """Whether customers see no trace of it. Before they had versions of their own, another team moved their time."""
    if effect.counts:
        return effect.private and "public_version" in event.data
    return event.staff_only


def _counts(past: Past) -> Columns:
    living = past.living_comments().values()
    said = [comment.created_at for comment in living]
    public = [comment.created_at for comment in living if not comment.is_internal]
    return dict(zip(_COUNTED, (*_count(said), *_count(public)), strict=True))


def _count(times: list[datetime]) -> tuple[int, datetime | None]:
    return len(times), max(times, default=None)


def _later(known: datetime | None, at: datetime) -> datetime:
    return max(known, at) if known else at
