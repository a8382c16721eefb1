"""Whose word counts about where a request comes from."""

from ipaddress import ip_network
from typing import Any

import pytest

from helpdesk.api.proxies import TrustedProxies

NGINX = "10.203.7.2"
CLIENT = "198.51.100.7"


def seen_through(*headers: tuple[str, str], peer: Any = NGINX, kind: str = "http", trusted: str = NGINX) -> dict:
    """The scope that the application inside is given."""
    seen: list[dict] = []

    async def inside(scope: dict, _receive: Any, _send: Any) -> None:
        seen.append(scope)

    scope = {
        "type": kind,
        "scheme": {"http": "http", "websocket": "ws"}[kind],
        "client": [peer, 4711] if peer else None,
        "headers": [(b"host", b"desk.example.org"), *((name.encode(), value.encode()) for name, value in headers)],
    }
    running = TrustedProxies(inside, [ip_network(text) for text in trusted.split()])(scope, None, None)
    with pytest.raises(StopIteration):
        running.send(None)
    return seen[0]


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        (CLIENT, CLIENT),
        (f" {CLIENT} ", CLIENT),
        (f"203.0.113.1, {CLIENT}", CLIENT),
        (f"203.0.113.1, {CLIENT}, 10.203.7.3", CLIENT),
        (f"{CLIENT}, rubbish", NGINX),
        (f"rubbish, {CLIENT}", CLIENT),
        ("", NGINX),
        ("unknown", NGINX),
        (f"::ffff:{CLIENT}", CLIENT),
        ("2001:db8::1", "2001:db8::1"),
        ("10.203.7.3, 10.203.7.2", "10.203.7.3"),
    ],
)
def test_the_nearest_address_that_is_no_proxy_is_the_client(forwarded, address):
    scope = seen_through(("x-forwarded-for", forwarded), trusted="10.203.7.0/24")

    assert scope["client"][0] == address


def test_several_headers_are_one_list():
    scope = seen_through(("x-forwarded-for", "203.0.113.1"), ("x-forwarded-for", CLIENT))

    assert scope["client"][0] == CLIENT


@pytest.mark.parametrize("peer", ["10.203.7.3", "127.0.0.1", "::1", "2001:db8::2", None, "/tmp/socket"])
def test_of_a_stranger_no_header_is_believed(peer):
    scope = seen_through(("x-forwarded-for", CLIENT), ("x-forwarded-proto", "https"), peer=peer)

    assert (scope["client"], scope["scheme"]) == ([peer, 4711] if peer else None, "http")


def test_a_proxy_is_known_by_its_mapped_address_too():
    assert seen_through(("x-forwarded-for", CLIENT), peer=f"::ffff:{NGINX}")["client"][0] == CLIENT


@pytest.mark.parametrize(("kind", "plain", "safe"), [("http", "http", "https"), ("websocket", "ws", "wss")])
def test_the_scheme_is_the_one_that_the_proxy_was_asked_by(kind, plain, safe):
    schemes = [seen_through(("x-forwarded-proto", said), kind=kind)["scheme"] for said in ("http", "https", "gopher")]

    assert schemes == [plain, safe, plain]


def test_of_several_schemes_the_nearest_proxys_counts() -> None:
    assert seen_through(("x-forwarded-proto", "https, http"))["scheme"] == "http"
    assert seen_through(("x-forwarded-proto", "https"), ("x-forwarded-proto", "http"))["scheme"] == "http"


@pytest.mark.parametrize("peer", [NGINX, CLIENT])
def test_nothing_behind_can_read_such_headers(peer):
    names = ("x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-port", "forwarded", "x-real-ip")

    assert seen_through(*((name, "1") for name in names), peer=peer)["headers"] == [(b"host", b"desk.example.org")]
