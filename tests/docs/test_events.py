"""The catalogue of events is that of the code."""

from typing import Any

from helpdesk.events.catalogue import hearers, readers
from helpdesk.events.declaration import EVENT_TYPES, Event
from helpdesk.events.examples import example
from tests.docs.pages import REFERENCE, code, rows


def told_members(event: Event) -> str:
    """`ticket` (`id`, `title`), `changes` (`status`), `reason`"""
    return ", ".join(f"`{name}`{told_inner(member)}" for name, member in event.members.items())


def told_inner(member: Any) -> str:
    return f" ({', '.join(f'`{inner}`' for inner in member)})" if isinstance(member, dict) else ""


def test_the_event_catalogue_is_that_of_the_code():
    told = {code(name)[0]: cells for name, *cells in rows(REFERENCE / "events.md", first="Type")}
    expected = {}
    for name, event_type in EVENT_TYPES.items():
        event = example(event_type)
        echoed = "yes" if event_type.echoed else "no"
        expected[name] = [readers(event), hearers(event), echoed, told_members(event), event.message]

    assert told == expected
    assert list(told) == list(EVENT_TYPES)
