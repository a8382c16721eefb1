"""What can happen to a person's account. Only who manages users sees it, and nobody's socket is told."""

from dataclasses import dataclass
from typing import Any

from helpdesk.events.declaration import Event

# The wire shape {"id", "username", "name", "role"}, as the person was called when it happened.
UserDict = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class UserEvent(Event):
    user: UserDict

    @property
    def subject(self) -> tuple[str, int]:
        return ("user", self.user["id"])

    @property
    def members(self) -> dict[str, Any]:
        return {"user": self.user}


@dataclass(frozen=True, kw_only=True)
class UserCreated(UserEvent, name="user_created", staff_only=True):
    @property
    def message(self) -> str:
        return f"User {self.user['username']} created"


@dataclass(frozen=True, kw_only=True)
class UserUpdated(UserEvent, name="user_updated", staff_only=True):
    """`{field: [from, to]}`; of a password only that it is another one."""

    values: dict[str, list[Any]]

    @property
    def members(self) -> dict[str, Any]:
        return super().members | {"changes": self.changes}

    @property
    def changes(self) -> dict[str, Any]:
        return {field: {"from": old, "to": new} for field, (old, new) in self.values.items()}

    @property
    def message(self) -> str:
        return f"User {self.user['username']} updated"


@dataclass(frozen=True, kw_only=True)
class UsersLoaded(Event, name="users_loaded", staff_only=True):
    """Many people came at once, in one transaction: happened to the desk as a whole."""

    users: int

    @property
    def subject(self) -> tuple[str, int]:
        return ("desk", 1)

    @property
    def members(self) -> dict[str, Any]:
        return {"loaded": {"users": self.users}}

    @property
    def message(self) -> str:
        return f"{self.users:,} users loaded"
