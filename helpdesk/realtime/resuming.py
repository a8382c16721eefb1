"""Where a client goes on."""

from dataclasses import dataclass
from datetime import datetime

from helpdesk.core.errors import DomainError, Invalid
from helpdesk.events.cursors import Cursor, CursorExpired, read_cursor


@dataclass(frozen=True)
class Start:
    """`recovered` as in the welcome frame: None without a cursor, false when the client must reload."""

    cursor: Cursor
    recovered: bool | None
    problem: DomainError | None = None


def resume(after: str | None, *, head: int, now: datetime) -> Start:
    """At the client's cursor if it has missed nothing that we cannot tell, else from now."""
    from_now = Cursor(position=head, at=now)
    if after is None:
        return Start(from_now, recovered=None)
    try:
        position = read_cursor(after, now=now).position
    except CursorExpired:
        return Start(from_now, recovered=False)
    except Invalid as problem:
        return Start(from_now, recovered=False, problem=problem)
    if position > head:
        # From before the database was restored from a backup: what it stands for is gone.
        return Start(from_now, recovered=False)
    return Start(Cursor(position=position, at=now), recovered=True)
