"""What sockets say is described, and the description is that of the code."""

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from helpdesk.events.declaration import EVENT_TYPES
from helpdesk.events.examples import told
from helpdesk.realtime import frames
from helpdesk.realtime.protocol import CLIENT, SERVER, Frame
from tests.docs.pages import REFERENCE
from tests.wire import check_event, check_frame, closed

COMMITTED = REFERENCE / "asyncapi.json"
# Of npm's @asyncapi/specs 6.11.1 (Apache License 2.0), in one line.
OFFICIAL = Path(__file__).with_name("asyncapi-3.0.0.json")
# Answered by the socket itself.
BUILT_IN = {"ping", "auth"}

OURS = [name for name, event_type in EVENT_TYPES.items() if event_type.__module__.startswith("helpdesk.")]


@pytest.fixture
def served(client: Any) -> Any:
    return client.get("/api/asyncapi.json")


def test_it_is_asyncapi_3(served: Any) -> None:
    official = jsonschema_rs.validator_for(json.loads(OFFICIAL.read_text()))
    document = served.json()

    assert served.headers["Content-Type"] == "application/json"
    assert document["asyncapi"] == "3.0.0"
    official.validate(document)
    document["channels"]["notifications"]["messages"] = []
    assert not official.is_valid(document)


def test_the_committed_description_is_the_one_of_this_code(served: Any) -> None:
    assert COMMITTED.read_bytes() == served.content, "run: ./run manage write_asyncapi"


def test_every_event_and_frame_is_in_it_and_every_reference_leads_somewhere(served: Any) -> None:
    document = served.json()
    named = {f"event.{name}" for name in OURS} | {f"server.{name}" for name in SERVER}
    said = {f"client.{name}" for name in CLIENT}
    operations = {
        name: {ref["$ref"].rpartition("/")[2] for ref in operation["messages"]}
        for name, operation in document["operations"].items()
    }

    assert set(document["components"]["messages"]) == named | said
    assert set(document["channels"]["notifications"]["messages"]) == named | said
    assert operations == {"hear": named, "say": said}


@pytest.mark.parametrize("name", OURS)
def test_an_event_is_told_as_it_is_declared(name: str) -> None:
    event = told(EVENT_TYPES[name])
    check_event(event)

    for broken in ({"surprise": 1}, {"id": "7"}, {"type": "other"}):
        with pytest.raises((jsonschema_rs.ValidationError, KeyError)):
            check_event(event | broken)
    for member in EVENT_TYPES[name].shape:
        lacking = copy.deepcopy(event)
        del lacking[member]
        with pytest.raises(jsonschema_rs.ValidationError):
            check_event(lacking)


@pytest.mark.parametrize("frame", [*SERVER.values(), *CLIENT.values()], ids=lambda frame: frame.example["type"])
def test_the_example_of_a_frame_is_one(frame: Frame) -> None:
    validator = jsonschema_rs.validator_for(closed(frame.shape))

    validator.validate(frame.example)
    assert not validator.is_valid(frame.example | {"surprise": 1})


def test_a_frame_that_nobody_described_is_noticed() -> None:
    with pytest.raises(AssertionError, match="no frame of the protocol"):
        check_frame({"type": "surprise"})


def test_every_frame_that_is_answered_is_described() -> None:
    assert set(frames._HANDLERS) | BUILT_IN == set(CLIENT)


@pytest.mark.parametrize("name", sorted({*SERVER, *CLIENT}))
def test_the_reference_tells_of_every_frame(name: str) -> None:
    page = (REFERENCE / "websocket.md").read_text()

    said = [line.split(" | ")[0] for line in page.splitlines() if line.startswith("| ")]
    assert name not in SERVER or any(f"`{name}`" in cell for cell in said)
    assert name not in CLIENT or any(f'"type": "{name}"' in cell for cell in said)


def test_the_page_shows_every_event_and_frame(client: Any) -> None:
    page = client.get("/api/docs/events/").content.decode()

    for kind, names in {"event": OURS, "server": SERVER, "client": CLIENT}.items():
        assert [name for name in names if f'id="{kind}.{name}"' not in page] == []
    assert "creator, assignee" in page
