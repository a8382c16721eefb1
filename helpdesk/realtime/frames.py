"""The frames of clients that other apps answer: they register here at start-up, since they stand above this one."""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from helpdesk.accounts.models import User


class Speaker(Protocol):
    """The socket that a frame came from."""

    @property
    def user(self) -> User:
        """As the hub last saw the person: role and standing are at most seconds old."""

    async def say(self, frame: dict[str, Any]) -> None:
        """Write a frame to this socket alone."""


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
