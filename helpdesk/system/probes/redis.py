"""Redis, in the three databases that have nothing to do with each other."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from helpdesk.core.redis_urls import for_redis, place_of
from helpdesk.system.findings import Finding, fail, ok, warn
from helpdesk.system.probing import Findings

_BOUND: Final = 1.5  # seconds for an answer; three of them are asked one after the other
_SLOW: Final = 0.1
_WITHOUT: Final = {
    "REDIS_URL": "lists are read from PostgreSQL each time, and limits are counted by each process",
    "CHANNELS_REDIS_URL": "sockets hear of what happens a few seconds late",
    "CELERY_BROKER_URL": "no task is taken, no mail leaves",
}


@contextmanager
def connected(url: str) -> Iterator[redis.Redis]:
    bounds: dict[str, Any] = {"socket_timeout": _BOUND, "socket_connect_timeout": _BOUND}
    client = redis.Redis.from_url(for_redis(url), retry=Retry(NoBackoff(), 0), protocol=2, **bounds)
    try:
        yield client
    finally:
        client.close()


def urls() -> dict[str, str]:
    return {name: getattr(settings, name) for name in _WITHOUT}


def look() -> Findings:
    policies: dict[str, str] = {}
    for name, url in urls().items():
        try:
            with connected(url) as client:
                yield from _server(name, url, client, policies)
        except (redis.RedisError, OSError) as error:
            cure = f"Start it, or put {name} right. Until then {_WITHOUT[name]}; nothing is lost."
            yield fail(f"{name} ({place_of(url)}) does not answer: {error}", cure)
    places = [place_of(url) for url in urls().values()]
    if len(set(places)) < len(places):
        yield warn(
            "two of the three URLs name the same database: flushing the cache would drop tasks",
            "Give each its own number.",
        )


def _server(name: str, url: str, client: redis.Redis, policies: dict[str, str]) -> Iterator[Finding]:
    began = time.monotonic()
    client.ping()
    took = time.monotonic() - began
    info: dict[str, Any] = client.info()
    product = "Valkey" if "valkey_version" in info else "Redis"
    version = info.get("valkey_version") or info["redis_version"]
    keys = client.dbsize()
    said = f"{name} ({place_of(url)}): {product} {version}, {keys} keys, {took * 1000:.1f} ms"
    yield warn(said, "It is far away or busy: every request waits for it.") if took > _SLOW else ok(said)
    place = place_of(url).partition(",")[0]
    if place not in policies:
        policies[place] = str(info.get("maxmemory_policy", ""))
        yield from _memory(place, info)


def _memory(place: str, info: dict[str, Any]) -> Iterator[Finding]:
    policy, limit = str(info.get("maxmemory_policy", "unknown")), int(info.get("maxmemory", 0))
    used = f"{info.get('used_memory_human', '?')} of {info.get('maxmemory_human', '?') if limit else 'no limit'}"
    said = f"{place}: memory {used}, eviction {policy}"
    if limit and policy.startswith("allkeys"):
        yield warn(f"{said}: queued tasks may be evicted", "Set maxmemory-policy to volatile-lru or noeviction.")
    elif info.get("role") == "slave":
        yield fail(f"{place} is a replica, and takes no writes", "Name the primary.")
    else:
        yield ok(said)
    if info.get("aof_enabled"):
        yield warn(
            f"{place}: appendonly is on", "Turn it off: PostgreSQL remembers, and what Redis brings back is old."
        )
    if info.get("rdb_last_bgsave_status") == "err":
        yield warn(f"{place}: its snapshots fail, after which it may refuse writes", "Turn them off: --save ''.")
