"""The frames of clients that other apps answer: they register here at start-up, since they stand above this one."""

from collections.abc import Awaitable, Callable, Collection
from typing import Any, Protocol

from helpdesk.accounts.models import User


class Speaker(Protocol):
    """The socket that a frame came from."""

    @property
    def user(self) -> User:
        """As the hub last saw the person: role and standing are at most seconds old."""

    async def say(self, frame: dict[str, Any]) -> None:
        """Write a frame to this socket alone."""

    async def subscribe(self, subjects: Collection[str]) -> str:
        """Hear all events of these (`"ticket:7"`), as far as the person may see them; the cursor from which on."""

    async def unsubscribe(self, subjects: Collection[str]) -> str:
        """Hear of them as if it had never subscribed; the cursor from which on."""

    def look_at(self, subject: str | None, *, composing: bool = False) -> None:
        """The person looks at this, or at nothing; whoever looks at it or subscribed to it is told."""

    async def tell_who_looks_at(self, subject: str) -> None:
        """Who else does, one frame each."""


# Frames of a socket are answered in the order in which they came, one after the other. A DomainError becomes an
# `error` frame, with the frame's `ref` if it has one. Whatever asks PostgreSQL does it by `database.for_socket`.
Handler = Callable[[Speaker, dict[str, Any]], Awaitable[None]]

_HANDLERS: dict[str, Handler] = {}


def register_frame(name: str, handler: Handler) -> None:
    if name in _HANDLERS:
        raise ValueError(f"Frame {name!r} has a handler already.")
    _HANDLERS[name] = handler


def handler_of(name: str) -> Handler | None:
    return _HANDLERS.get(name)
