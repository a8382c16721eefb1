"""What can happen to categories, tags and teams: agents read it, nobody's socket is told."""

from dataclasses import dataclass
from typing import Any

from helpdesk.events.declaration import Event

# As the API shows the row after the event, or showed it before it was deleted.
Row = dict[str, Any]
# `{field: [from, to]}`; what stands for another row is {"id", "name"}, or a person.
Edits = dict[str, list[Any]]


def _changes(edits: Edits) -> dict[str, Any]:
    return {field: {"from": old, "to": new} for field, (old, new) in edits.items()}


@dataclass(frozen=True, kw_only=True)
class CategoryEvent(Event):
    category: Row

    @property
    def subject(self) -> tuple[str, int]:
        return ("category", self.category["id"])

    @property
    def members(self) -> dict[str, Any]:
        return {"category": self.category}


@dataclass(frozen=True, kw_only=True)
class CategoryCreated(CategoryEvent, name="category_created", staff_only=True):
    @property
    def message(self) -> str:
        return f"Category {self.category['name']} created"


@dataclass(frozen=True, kw_only=True)
class CategoryUpdated(CategoryEvent, name="category_updated", staff_only=True):
    edits: Edits

    @property
    def members(self) -> dict[str, Any]:
        return super().members | {"changes": self.changes}

    @property
    def changes(self) -> dict[str, Any]:
        return _changes(self.edits)

    @property
    def message(self) -> str:
        return f"Category {self.category['name']} updated"


@dataclass(frozen=True, kw_only=True)
class CategoryDeleted(CategoryEvent, name="category_deleted", staff_only=True):
    @property
    def message(self) -> str:
        return f"Category {self.category['name']} deleted"


@dataclass(frozen=True, kw_only=True)
class TagEvent(Event):
    tag: Row

    @property
    def subject(self) -> tuple[str, int]:
        return ("tag", self.tag["id"])

    @property
    def members(self) -> dict[str, Any]:
        return {"tag": self.tag}


@dataclass(frozen=True, kw_only=True)
class TagCreated(TagEvent, name="tag_created", staff_only=True):
    @property
    def message(self) -> str:
        return f"Tag {self.tag['name']} created"


@dataclass(frozen=True, kw_only=True)
class TagUpdated(TagEvent, name="tag_updated", staff_only=True):
    edits: Edits

    @property
    def members(self) -> dict[str, Any]:
        return super().members | {"changes": self.changes}

    @property
    def changes(self) -> dict[str, Any]:
        return _changes(self.edits)

    @property
    def message(self) -> str:
        return f"Tag {self.tag['name']} updated"


@dataclass(frozen=True, kw_only=True)
class TagDeleted(TagEvent, name="tag_deleted", staff_only=True):
    @property
    def message(self) -> str:
        return f"Tag {self.tag['name']} deleted"


@dataclass(frozen=True, kw_only=True)
class TeamEvent(Event):
    team: Row

    @property
    def subject(self) -> tuple[str, int]:
        return ("team", self.team["id"])

    @property
    def members(self) -> dict[str, Any]:
        return {"team": self.team}


@dataclass(frozen=True, kw_only=True)
class TeamCreated(TeamEvent, name="team_created", staff_only=True):
    @property
    def message(self) -> str:
        return f"Team {self.team['name']} created"


@dataclass(frozen=True, kw_only=True)
class TeamUpdated(TeamEvent, name="team_updated", staff_only=True):
    edits: Edits

    @property
    def gained_by(self) -> set[int]:
        before, after = self._members
        return after - before

    @property
    def lost_by(self) -> set[int]:
        before, after = self._members
        return before - after

    @property
    def _members(self) -> tuple[set[int], set[int]]:
        before, after = self.edits.get("members", [[], []])
        return {person["id"] for person in before}, {person["id"] for person in after}

    @property
    def members(self) -> dict[str, Any]:
        return super().members | {"changes": self.changes}

    @property
    def changes(self) -> dict[str, Any]:
        return _changes(self.edits)

    @property
    def message(self) -> str:
        return f"Team {self.team['name']} updated"


@dataclass(frozen=True, kw_only=True)
class TeamDeleted(TeamEvent, name="team_deleted", staff_only=True):
    @property
    def message(self) -> str:
        return f"Team {self.team['name']} deleted"
