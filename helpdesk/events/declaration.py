"""How an event is declared: a frozen dataclass of primitives, under a name that never changes."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

# Every declared event by its wire name; the order is the catalogue's.
EVENT_TYPES: dict[str, type["Event"]] = {}


@dataclass(frozen=True, kw_only=True)
class Event(ABC):
    """Something that happened. A subclass without a `name` is abstract: it only shares fields."""

    name: ClassVar[str]
    staff_only: ClassVar[bool] = False
    # Whether who did it hears of it on the own sockets too (other tabs).
    echoed: ClassVar[bool] = True
    # Whoever could see its subject sees it no more, or sees it again.
    hides: ClassVar[bool] = False
    shows: ClassVar[bool] = False

    def __init_subclass__(cls, *, name: str | None = None, staff_only: bool = False, echoed: bool = True) -> None:
        super().__init_subclass__()
        if name is None:
            return
        if name in EVENT_TYPES:
            raise TypeError(f"Event {name!r} is declared twice.")
        cls.name, cls.staff_only, cls.echoed = name, staff_only, echoed
        EVENT_TYPES[name] = cls

    @property
    @abstractmethod
    def subject(self) -> tuple[str, int]:
        """What it happened to: `("ticket", 7)`."""

    @property
    @abstractmethod
    def message(self) -> str:
        """One English sentence, stable on the wire."""

    @property
    def members(self) -> dict[str, Any]:
        """The event's own members of the wire body."""
        return {}

    @property
    def changes(self) -> dict[str, Any]:
        """`{field: {"from": …, "to": …}}`."""
        return {}

    @property
    def audience(self) -> set[int]:
        """Ids of the users to whom it is pushed."""
        return set()

    @property
    def pushed_to_agents(self) -> bool:
        """Whether every agent hears it, whoever the ticket belongs to."""
        return False

    @property
    def gained_by(self) -> set[int]:
        """Ids of the users who may see its subject by it (of a team: the tickets in its queue)."""
        return set()

    @property
    def lost_by(self) -> set[int]:
        """Ids of the users who may have seen its subject until then, and are not in its audience."""
        return set()

    def as_data(self) -> dict[str, Any]:
        # Fields are primitives: `asdict` would copy each of them deeply.
        return dict(vars(self))
