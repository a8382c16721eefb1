"""Every event and frame that a test sees is one that was promised: a plugin of pytest, see tests/conftest.py.

The published schemas leave objects open, since clients must take what they do not know. Here they are closed, so that
whatever is told and not declared fails the test that sees it.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any

import jsonschema_rs
import orjson
import pytest


def closed(shape: Any) -> Any:
    if isinstance(shape, list):
        return [closed(item) for item in shape]
    if not isinstance(shape, dict):
        return shape
    inner = {name: closed(value) for name, value in shape.items()}
    return inner | {"additionalProperties": False} if "properties" in inner else inner


@cache
def _validator(kind: str, name: str) -> Any:
    # Not at import: declarations need Django.
    from helpdesk.events.catalogue import schema_of
    from helpdesk.events.declaration import EVENT_TYPES
    from helpdesk.realtime.protocol import SERVER

    if kind == "event":
        schema = schema_of(EVENT_TYPES[name])
    elif name in SERVER:
        schema = SERVER[name].shape
    else:
        return None
    return jsonschema_rs.validator_for(closed(schema), validate_formats=True)


def check_event(event: dict[str, Any]) -> None:
    from helpdesk.events.declaration import EVENT_TYPES

    # A test that declares an event of its own may tell what it likes.
    if EVENT_TYPES[event["type"]].__module__.startswith("helpdesk."):
        _validator("event", event["type"]).validate(event)


def check_frame(frame: dict[str, Any]) -> None:
    """One that came over a socket."""
    from helpdesk.events.declaration import EVENT_TYPES

    if frame["type"] in EVENT_TYPES:
        check_event(frame)
        return
    validator = _validator("frame", frame["type"])
    assert validator is not None, f"no frame of the protocol: {frame}"
    validator.validate(frame)


def read_frame(text: str | bytes) -> Any:
    """A frame as it came over a socket, read and checked: every client of the tests hears by it."""
    frame = orjson.loads(text)
    check_frame(frame)
    return frame


@pytest.fixture(autouse=True, scope="session")
def _events_are_as_declared() -> Iterator[None]:
    """Wherever this process tells an event, by REST or by socket."""
    from helpdesk.events.models import EventRecord

    wire = EventRecord.wire

    def checked(record: EventRecord, cursor: str | None) -> dict[str, Any]:
        told = wire(record, cursor)
        check_event(orjson.loads(orjson.dumps(told)))
        return told

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(EventRecord, "wire", checked)
        yield
