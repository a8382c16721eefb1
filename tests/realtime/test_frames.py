"""What a socket answers to what its client sends."""

import json
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from tests.people import UserFactory, access_token
from tests.realtime.client import Opener
from tests.servers import Daphne

MALFORMED = [
    "[1]",
    "null",
    "1",
    '"ping"',
    "",
    "nonsense",
    b"\x00\x01",
    b'{"type": "ping"}',
    "{}",
    '{"type": 1}',
    '{"type": ["ping"]}',
    '{"type": null}',
    '{"type": "ping"',
    '{"type": "ping", "n": NaN}',
    '{"type": "\\ud800"}',
    "[" * 60_000,
    '{"a":' * 5_000,
    '{"type": ' + "9" * 5_000 + "}",
    "\x00",
]


@pytest.mark.parametrize("frame", MALFORMED, ids=lambda frame: repr(frame[:20]))
def test_a_malformed_frame_gets_an_error_frame_and_the_next_ping_its_pong(
    server: Daphne, agent: Any, listen: Opener, frame: str | bytes
) -> None:
    client = listen(server, agent)
    client.send(frame)
    heard = client.next()

    assert (heard["type"], heard["code"]) == ("error", "malformed_frame")
    assert heard["detail"]
    assert client.is_alive()


def test_a_plain_connection_is_silent_about_malformed_frames(
    server: Daphne, agent: Any, listen_plainly: Opener
) -> None:
    client = listen_plainly(server, agent)
    for frame in MALFORMED[:9]:
        client.send(frame)
    client.send({"type": "dance"})

    assert client.so_far() == []


@pytest.mark.parametrize(
    "frame",
    [
        {"type": "dance"},
        {"type": ""},
        {"type": "subscribed", "tickets": [1]},
        {"type": "__class__"},
    ],
)
def test_an_unknown_type_gets_an_error_frame(server: Daphne, agent: Any, listen: Opener, frame: Any) -> None:
    client = listen(server, agent)
    client.send(frame)

    heard = client.next()
    assert (heard["type"], heard["code"]) == ("error", "unknown_type")
    assert client.is_alive()


def test_an_error_speaks_the_language_of_its_user(server: Daphne, listen: Opener) -> None:
    client = listen(server, UserFactory(language="es"))
    client.send("nonsense")

    assert client.next()["detail"] == "Este mensaje no es JSON."


def test_a_frame_may_have_64_kib(server: Daphne, agent: Any, listen: Opener) -> None:
    client = listen(server, agent)
    frame = json.dumps({"type": "ping", "padding": ""})
    client.send(json.dumps({"type": "ping", "padding": "x" * (65_536 - len(frame))}))

    assert client.next() == {"type": "pong"}


@pytest.mark.parametrize("frame", ["x" * 65_537, "ñ" * 32_769, b"x" * 65_537, "x" * 900_000])
def test_a_larger_one_closes_1009(server: Daphne, agent: Any, listen: Opener, frame: str | bytes) -> None:
    client = listen(server, agent)
    client.send(frame)

    assert client.close_code() == 1009


def test_the_twenty_first_frame_within_a_second_closes_4429(server: Daphne, agent: Any, listen: Opener) -> None:
    client = listen(server, agent)
    for _ in range(20):
        client.send({"type": "ping"})
    assert client.take(20) == [{"type": "pong"}] * 20

    client.send("nonsense")

    assert client.close_code() == 4429


def test_a_flood_before_the_credentials_were_looked_at_closes_4429(
    server: Daphne, agent: Any, open_socket: Opener
) -> None:
    client = open_socket(server, f"?token={access_token(agent)}")
    try:
        for _ in range(500):
            client.send({"type": "ping"})
    except ConnectionClosed:
        pass

    assert client.close_code() == 4429
