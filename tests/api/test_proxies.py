"""Whose word counts about where a request comes from."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from ipaddress import ip_network
from typing import Any

import httpx
import pytest

from helpdesk.api.proxies import TrustedProxies
from tests.servers import Daphne

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
        "headers": [
            (b"host", b"desk.example.org"),
            *((name.encode(), value.encode("utf-8")) for name, value in headers),
        ],
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
        # What a client puts on the left is never reached, be it a proxy's address or thousands of them.
        (f"10.203.7.3, {CLIENT}", CLIENT),
        (f"127.0.0.1, 10.203.7.2, {CLIENT}, 10.203.7.9", CLIENT),
        (", ".join(["203.0.113.1"] * 500 + [CLIENT]), CLIENT),
        (f"{CLIENT},", NGINX),
        (f",{CLIENT}", CLIENT),
        # With ports, as some proxies write them.
        (f"{CLIENT}:4711", CLIENT),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        (f"203.0.113.1:1, {CLIENT}:2, 10.203.7.3:3", CLIENT),
        ("fe80::1%eth0", "fe80::1"),
        # What is no address ends the search: the nearest proxy that is known counts.
        (f"{CLIENT}:port", NGINX),
        (f"{CLIENT}:4711:4711", NGINX),
        ("[2001:db8::1", NGINX),
        ("[]", NGINX),
        ("2001:db8::1]:80", NGINX),
        ("198.51.100.07", NGINX),
        ("0x7f.1", NGINX),
        ("2130706433", NGINX),
        (f"for={CLIENT}", NGINX),
        ("_hidden", NGINX),
        ("localhost", NGINX),
        ("\u0661.1.1.1", NGINX),
        (f"203.0.113.1, rubbish, {CLIENT}", CLIENT),
        ("203.0.113.1, rubbish, 10.203.7.4", "10.203.7.4"),
    ],
)
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_the_nearest_address_that_is_no_proxy_is_the_client(forwarded, address, kind):
    scope = seen_through(("x-forwarded-for", forwarded), trusted="10.203.7.0/24", kind=kind)

    assert scope["client"][0] == address


@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_a_proxy_may_have_an_address_of_the_new_kind(kind):
    scope = seen_through(
        ("x-forwarded-for", "2001:db8:f::9, 2001:db8::1, 2001:db8:a::2"),
        peer="2001:db8:a::1",
        trusted="2001:db8:a::/48",
        kind=kind,
    )

    assert scope["client"][0] == "2001:db8::1"


def test_no_other_header_says_who_it_is():
    """One word of one header: of two that differ, the wrong one could be believed."""
    said = [("forwarded", f"for={CLIENT};proto=https"), ("x-real-ip", CLIENT), ("x-client-ip", CLIENT)]

    scope = seen_through(*said, ("true-client-ip", CLIENT), ("cf-connecting-ip", CLIENT))

    assert (scope["client"][0], scope["scheme"]) == (NGINX, "http")


def test_several_headers_are_one_list():
    scope = seen_through(("x-forwarded-for", "203.0.113.1"), ("x-forwarded-for", CLIENT))
    through_two = seen_through(
        ("x-forwarded-for", f"203.0.113.1, {CLIENT}"), ("x-forwarded-for", "10.203.7.3"), trusted="10.203.7.0/24"
    )

    assert (scope["client"][0], through_two["client"][0]) == (CLIENT, CLIENT)


@pytest.mark.parametrize("peer", ["10.203.7.3", "127.0.0.1", "::1", "2001:db8::2", None, "", "/tmp/socket"])
@pytest.mark.parametrize(("kind", "plain"), [("http", "http"), ("websocket", "ws")])
def test_of_a_stranger_no_header_is_believed(peer, kind, plain):
    """Nor of a Unix socket, which has no address: whoever may open it, nobody named it as a proxy."""
    scope = seen_through(("x-forwarded-for", CLIENT), ("x-forwarded-proto", "https"), peer=peer, kind=kind)

    assert (scope["client"], scope["scheme"]) == ([peer, 4711] if peer else None, plain)


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


# --- through a real server -------------------------------------------------------------------------------------------


def statuses(daphne: Daphne, forwarded: list[str]) -> list[int]:
    """Of anonymous requests that come at once, each with another idea of whom it comes from."""
    with httpx.Client(base_url=daphne.base_url, timeout=30) as http, ThreadPoolExecutor(20) as threads:
        ask = partial(http.get, "/api/tickets/")
        return sorted(threads.map(lambda said: ask(headers={"X-Forwarded-For": said}).status_code, forwarded))


def test_who_names_another_address_each_time_is_limited_all_the_same(start_daphne):
    """DRF's own throttle let all of them through."""
    daphne = start_daphne(RATE_LIMIT_ENABLED="true", RATE_LIMIT_ANON="10/min")

    assert statuses(daphne, [f"203.0.113.{n}" for n in range(60)]) == [401] * 10 + [429] * 50


def test_nor_does_it_help_behind_a_proxy(start_daphne):
    """The proxy appends the address that it sees; what the client wrote stands left of it."""
    daphne = start_daphne(RATE_LIMIT_ENABLED="true", RATE_LIMIT_ANON="10/min", TRUSTED_PROXIES="127.0.0.1")

    assert statuses(daphne, [f"203.0.113.{n}, {CLIENT}" for n in range(40)]) == [401] * 10 + [429] * 30
    assert statuses(daphne, ["198.51.100.8"]) == [401]
