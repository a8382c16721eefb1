"""Whom an anonymous request is charged to."""

from collections.abc import Mapping
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Any, Final

# A household or a server has a whole /64 and may choose any address in it.
IPV6_PREFIX: Final = 64
UNKNOWN: Final = "unknown"  # a Unix socket has no address


def origin(meta: Mapping[str, Any]) -> str:
    """The socket's address, or what a trusted proxy says instead (`TRUSTED_PROXIES`); headers are not read here."""
    try:
        address = ip_address(str(meta.get("REMOTE_ADDR") or "").partition("%")[0])
    except ValueError:
        return UNKNOWN
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(IPv6Network((address, IPV6_PREFIX), strict=False))
    return str(address)
