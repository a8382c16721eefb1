"""Whom a request comes from where a proxy stands in front of the service.

A client can write any header. So what they say of addresses and schemes is believed of the proxies that
`TRUSTED_PROXIES` names, and of nobody else; behind this file nothing is left of such headers.
"""

import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any, Final

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Application = Callable[[dict[str, Any], Any, Any], Awaitable[None]]

_FOR: Final = b"x-forwarded-for"
_PROTO: Final = b"x-forwarded-proto"
_REMOVED: Final = frozenset(
    {_FOR, _PROTO, b"x-forwarded-host", b"x-forwarded-port", b"x-forwarded-prefix", b"forwarded", b"x-real-ip"}
)
# Some proxies say the port as well: "198.51.100.7:4711", "[2001:db8::1]:4711".
_WITH_PORT: Final = re.compile(r"(?:\[(?P<six>[^\]]+)\]|(?P<four>[^:]+))(?::[0-9]{1,5})?")
# What the scheme of a socket is called where that of a page is …
_OF_SOCKETS: Final = {"http": "ws", "https": "wss"}


class TrustedProxies:
    """An ASGI application that tells the one inside the client's own address and scheme."""

    def __init__(self, application: Application, trusted: Sequence[Network]) -> None:
        self._application = application
        self._trusted = trusted

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] in {"http", "websocket"}:
            scope = {**scope, **self._told(scope)}
        await self._application(scope, receive, send)

    def _told(self, scope: dict[str, Any]) -> dict[str, Any]:
        headers: list[tuple[bytes, bytes]] = scope["headers"]
        told: dict[str, Any] = {"headers": [header for header in headers if header[0] not in _REMOVED]}
        peer = _address((scope.get("client") or [""])[0])
        if peer is None or not self._trusts(peer):
            return told
        client = self._client(peer, _values(headers, _FOR))
        if client != peer:
            told["client"] = [str(client), 0]
        # The nearest proxy writes on the right; what stands left of it may be the client's.
        scheme = next(reversed(_values(headers, _PROTO)), "")
        if scheme in _OF_SOCKETS:
            told["scheme"] = scheme if scope["type"] == "http" else _OF_SOCKETS[scheme]
        return told

    def _client(self, peer: Address, hops: Sequence[str]) -> Address:
        """From the right, where the nearest proxy writes: what stands left of a stranger, that stranger wrote."""
        nearest = peer
        for hop in reversed(hops):
            address = _address(hop)
            if address is None:
                break
            nearest = address
            if not self._trusts(address):
                break
        return nearest

    def _trusts(self, address: Address) -> bool:
        return any(address in network for network in self._trusted)


def _values(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> list[str]:
    return [part.strip() for key, value in headers if key == name for part in value.decode("latin-1").split(",")]


def _address(text: str) -> Address | None:
    parts = _WITH_PORT.fullmatch(text)
    bare = (parts["six"] or parts["four"]) if parts else text
    try:
        address = ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
