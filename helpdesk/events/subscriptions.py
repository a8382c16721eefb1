"""Who reacts to which event, under a stable name.

Django's own `Signal` cannot call *one* receiver again: `send` stops at the first failure, `send_robust` forgets it. A
receiver here is known by its name, so its part of an event is kept, retried and parked by itself.
"""

from collections import defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from helpdesk.events.declaration import Event

if TYPE_CHECKING:
    from helpdesk.events.models import EventRecord

Receiver = Callable[[Any, "EventRecord"], None]
R = TypeVar("R", bound=Receiver)

# event name -> subscriber name -> receiver
_RECEIVERS: dict[str, dict[str, Receiver]] = defaultdict(dict)
_URGENT: set[str] = set()


def subscribe(*event_types: type[Event], name: str, urgent: bool = False) -> Callable[[R], R]:
    """Call the function after each commit of these events, at least once: it must be idempotent.

    `name` is stored with every event: renaming it abandons what is pending (parked, with that reason). A name added
    later starts with its first event. An urgent subscriber hears it before its own process gives it a position, so, as
    long as nothing fails, before anybody outside can; what it missed is what the very next sweep begins with.
    """

    def connect(receiver: R) -> R:
        for event_type in event_types:
            if name in _RECEIVERS[event_type.name]:
                raise ValueError(f"{event_type.name} has a subscriber {name!r} already.")
            _RECEIVERS[event_type.name][name] = receiver
        if urgent:
            _URGENT.add(name)
        return receiver

    return connect


def unsubscribe(*event_types: type[Event], name: str) -> None:
    for event_type in event_types:
        _RECEIVERS[event_type.name].pop(name, None)
    _URGENT.discard(name)


def is_urgent(subscriber: str) -> bool:
    return subscriber in _URGENT


def urgent_names() -> frozenset[str]:
    return frozenset(_URGENT)


def subscriber_names(event_name: str) -> list[str]:
    return list(_RECEIVERS[event_name])


def receiver_of(event_name: str, subscriber: str) -> Receiver | None:
    return _RECEIVERS[event_name].get(subscriber)
