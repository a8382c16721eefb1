"""What a client says by opening a socket."""

from typing import Any

import pytest

from helpdesk.realtime.handshake import read_handshake


def handshake(query: str = "", *, offered: list[str] | None = None, **headers: str) -> Any:
    named = [(name.encode(), value.encode()) for name, value in {"host": "desk.example.com:8000", **headers}.items()]
    return read_handshake({"query_string": query.encode(), "headers": named, "subprotocols": offered or []})


@pytest.mark.parametrize(
    ("query", "offered", "authorization", "token"),
    [
        ("", ["helpdesk.v1", "bearer.one"], "", "one"),
        ("", ["bearer.one", "helpdesk.v1"], "", "one"),
        ("", [], "Bearer two", "two"),
        ("", [], "bearer  two ", "two"),
        ("token=three", [], "", "three"),
        ("token=three", [], "Bearer two", "two"),
        ("token=three", ["helpdesk.v1", "bearer.one"], "Bearer two", "one"),
        ("token=three", [], "Basic dXNlcg==", "three"),
        ("token=three", ["helpdesk.v1"], "", "three"),
        ("", [], "", None),
        ("token=", [], "", ""),
        ("token=one&token=two", [], "", "two"),
    ],
)
def test_the_first_credentials_found_count(query: str, offered: list[str], authorization: str, token: str) -> None:
    assert handshake(query, offered=offered, authorization=authorization).token == token


@pytest.mark.parametrize(
    ("query", "offered", "authorization", "token", "ticket"),
    [
        ("ticket=t", [], "", None, "t"),
        ("ticket=t&token=three", [], "Bearer two", None, "t"),
        ("ticket=t", ["helpdesk.v1", "bearer.one"], "", "one", None),
        ("ticket=&token=three", [], "", "three", ""),
        ("ticket=", [], "Bearer two", "two", ""),
    ],
)
def test_a_ticket_comes_behind_the_subprotocol_and_before_all_else(
    query: str, offered: list[str], authorization: str, token: str | None, ticket: str | None
) -> None:
    said = handshake(query, offered=offered, authorization=authorization)

    assert (said.token, said.ticket) == (token, ticket)


@pytest.mark.parametrize(
    ("query", "offered", "speaks_protocol", "selected"),
    [
        ("token=x", [], False, None),
        ("token=x&v=2", [], False, None),
        ("token=x", ["chat"], False, None),
        ("token=x&v=1", [], True, None),
        ("token=x&after=abc", [], True, None),
        ("token=x&after=", [], True, None),
        ("", ["helpdesk.v1", "bearer.x"], True, "helpdesk.v1"),
        # Selecting it would send the token back.
        ("", ["bearer.x"], False, None),
    ],
)
def test_a_client_chooses_the_protocol_or_stays_plain(
    query: str, offered: list[str], speaks_protocol: object, selected: str | None
) -> None:
    said = handshake(query, offered=offered)

    assert (said.speaks_protocol, said.subprotocol) == (speaks_protocol, selected)


def test_an_empty_cursor_is_none() -> None:
    assert (handshake("after=").after, handshake("after=abc").after, handshake("").after) == (None, "abc", None)


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("http://desk.example.com:8000", True),
        ("https://DESK.example.com:8000", True),
        ("https://app.example.com", True),
        ("https://desk.example.com", False),
        ("https://app.example.com.evil.example", False),
        ("https://evil.example", False),
        ("null", False),
        ("", False),
        ("http://[", False),
    ],
)
def test_pages_of_our_own_host_and_known_ones_may_open_a_socket(settings: Any, origin: str, allowed: object) -> None:
    settings.ALLOWED_ORIGINS = ["https://app.example.com"]

    assert handshake(origin=origin).origin_allowed is allowed


def test_a_phone_sends_no_origin(settings: Any) -> None:
    settings.ALLOWED_ORIGINS = []

    assert handshake().origin_allowed


def test_a_star_allows_every_page(settings: Any) -> None:
    settings.ALLOWED_ORIGINS = ["*"]

    assert handshake(origin="null").origin_allowed
