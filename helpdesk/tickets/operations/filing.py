"""Where a ticket is filed: its category, its tags, and the team in whose queue it stands.

What it refers to is held until the commit, by the lock that a foreign key's own check takes: any number of tickets may
refer to one row at once, and only who would delete it waits. For tags nobody else checks.
"""

import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from helpdesk.core.errors import FieldError, Invalid
from helpdesk.tickets.enums import Priority
from helpdesk.tickets.models import Category, Tag, Team, Ticket

_HOLD_CATEGORY: Final = "SELECT * FROM tickets_category WHERE id = %s FOR KEY SHARE"
_HOLD_TEAM: Final = "SELECT * FROM tickets_team WHERE id = %s FOR KEY SHARE"
# One order for all: who holds tag 1 and waits for tag 2 never meets the reverse.
_HOLD_TAGS: Final = """
    SELECT tag.*, wanted.place
      FROM unnest(%s::text[]) WITH ORDINALITY AS wanted(name, place)
      JOIN tickets_tag AS tag ON lower(tag.name) = lower(wanted.name)
     ORDER BY tag.id
       FOR KEY SHARE OF tag
"""


class UnknownCategory(Invalid):
    def __init__(self, category_id: int, *, field: str = "category") -> None:
        message = _("There is no category %(id)d.") % {"id": category_id}
        super().__init__(message, errors=[FieldError(field, "does_not_exist", message)])


class UnknownTeam(Invalid):
    def __init__(self, team_id: int) -> None:
        message = _("There is no team %(id)d.") % {"id": team_id}
        super().__init__(message, errors=[FieldError("team", "does_not_exist", message)])


class UnknownTags(Invalid):
    """Names each of them, by its place in the list."""

    def __init__(self, unknown: Mapping[int, str]) -> None:
        errors = [
            FieldError(f"tags.{place}", "does_not_exist", _("There is no tag “%(name)s”.") % {"name": name})
            for place, name in unknown.items()
        ]
        super().__init__(_("Some fields are wrong."), errors=errors)


@dataclass(frozen=True)
class Place:
    columns: dict[str, Any]
    tags: list[Tag]


def one_line(name: str) -> str:
    """As names are kept and compared: composed letters, single spaces, none around."""
    return " ".join(unicodedata.normalize("NFC", name).split())


def place_of(*, category: int | None, tags: Sequence[str], team: int | None, priority: str | None) -> Place:
    """Where a new ticket is filed; what it does not name itself its category brings, or the category above that."""
    held = hold_category(category)
    kind = _line(held)
    queue = hold_team(team) if team is not None else _team_of(kind)
    brought = next((each.priority for each in kind if each.priority), Priority.MEDIUM)
    marks = hold_tags(tags)
    columns = {"category": held, "team": queue, "priority": priority or brought, "tag_ids": _ids(marks)}
    return Place(columns, marks)


def resolved(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Rows, held, in place of the ids and names in a change; with another category, the `queue` that it brings."""
    rows: dict[str, Any] = {field: hold(changes[field]) for field, hold in _HOLDS.items() if field in changes}
    return rows | ({"queue": _team_of(_line(rows["category"]))} if rows.get("category") else {})


def settled(ticket: Ticket, changes: Mapping[str, Any], *, named: Collection[str]) -> dict[str, Any]:
    """What of a resolved change is one of this ticket.

    Another category brings its team, unless the change names one, or somebody had put the ticket into a queue of their
    own choice.
    """
    settled = {field: value for field, value in changes.items() if field != "queue"}
    if "tags" in settled and set(_ids(settled["tags"])) == set(ticket.tag_ids):
        del settled["tags"]
    queue = changes.get("queue")
    brings = queue and "team" not in named and queue.pk != ticket.team_id
    return settled | ({"team": queue} if brings and _follows_category(ticket) else {})


def know_tags(tickets: Iterable[Ticket]) -> None:
    """Look up the tags of many tickets in one statement."""
    rows = list(tickets)
    tags = Tag.objects.in_bulk({pk for ticket in rows for pk in ticket.tag_ids})
    for ticket in rows:
        ticket.tags = sorted((tags[pk] for pk in ticket.tag_ids if pk in tags), key=attrgetter("name"))


def hold_category(category_id: int | None) -> Category | None:
    if category_id is None:
        return None
    found = next(iter(Category.objects.raw(_HOLD_CATEGORY, [category_id])), None)
    if found is None:
        raise UnknownCategory(category_id)
    return found


def hold_team(team_id: int | None) -> Team | None:
    if team_id is None:
        return None
    found = _hold_team(team_id)
    if found is None:
        raise UnknownTeam(team_id)
    return found


def hold_tags(names: Sequence[str]) -> list[Tag]:
    """In the order of their names, each once."""
    if not names:
        return []
    lines = [one_line(name) for name in names]
    found = list(Tag.objects.raw(_HOLD_TAGS, [lines]))
    known = {vars(tag)["place"] for tag in found}
    unknown = {place: line for place, line in enumerate(lines) if place + 1 not in known}
    if unknown:
        raise UnknownTags(unknown)
    return sorted({tag.pk: tag for tag in found}.values(), key=attrgetter("name"))


def _line(category: Category | None) -> list[Category]:
    """The category and the one above it."""
    return [each for each in (category, category.parent if category else None) if each]


def _team_of(kind: Iterable[Category]) -> Team | None:
    """The nearest one's; gone meanwhile, it is nobody's queue."""
    team_id = next((each.team_id for each in kind if each.team_id), None)
    return _hold_team(team_id) if team_id else None


def _hold_team(team_id: int) -> Team | None:
    return next(iter(Team.objects.raw(_HOLD_TEAM, [team_id])), None)


def _follows_category(ticket: Ticket) -> bool:
    if ticket.team_id is None:
        return True
    return ticket.team_id == next((each.team_id for each in _line(ticket.category) if each.team_id), None)


def _ids(tags: Iterable[Tag]) -> list[int]:
    return sorted(tag.pk for tag in tags)


_HOLDS: Final[dict[str, Callable[[Any], Any]]] = {"category": hold_category, "team": hold_team, "tags": hold_tags}
