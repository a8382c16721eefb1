"""Pages under versions: found while they are current, unreachable once they are not, computed by one at a time."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from helpdesk.cache import pages
from helpdesk.core.redis import RedisDown
from tests.servers import Valkey, eventually


@pytest.fixture(autouse=True)
def redis(own_valkey: Valkey) -> Iterator[Any]:
    with own_valkey.client() as client:
        yield client


def keep(scope: str, name: str, page: bytes, *, seconds: int = 60) -> None:
    place, found = pages.find(scope, name)
    assert found is None
    pages.keep(place, page, seconds=seconds)


def test_what_was_kept_is_found_by_its_scope_and_by_no_other():
    keep("agent", "tickets", b"all")

    assert pages.find("agent", "tickets").page == b"all"
    assert pages.find("admin", "tickets").page is None
    assert pages.find("agent", "comments").page is None


def test_scopes_that_were_moved_on_together_share_no_page():
    pages.bump("agent", "admin", "customer:1")
    keep("agent", "tickets", b"all")

    assert pages.find("admin", "tickets").page is None
    assert pages.find("customer:1", "tickets").page is None


def test_a_bump_makes_the_pages_of_its_scopes_unreachable_and_no_others():
    for scope in ("agent", "admin", "customer:1", "customer:2"):
        keep(scope, "tickets", scope.encode())

    pages.bump("agent", "customer:1")

    found = {scope: pages.find(scope, "tickets").page for scope in ("agent", "admin", "customer:1", "customer:2")}
    assert found == {"agent": None, "admin": b"admin", "customer:1": None, "customer:2": b"customer:2"}


def test_a_page_within_a_wider_scope_moves_on_with_both_and_belongs_to_one():
    def find(scope: str) -> bytes | None:
        return pages.find(scope, "tickets", within=("agent",)).page

    for bumped in ("agent", "agent:1", pages.EVERYONE):
        place, _page = pages.find("agent:1", "tickets", within=("agent",))
        pages.keep(place, b"theirs", seconds=60)
        assert (find("agent:1"), find("agent:2"), pages.find("agent:1", "tickets").page) == (b"theirs", None, None)

        pages.bump("agent:2", "admin")
        assert find("agent:1") == b"theirs"
        pages.bump(bumped)
        assert find("agent:1") is None


def test_a_bump_of_everyone_reaches_every_scope():
    keep("agent", "tickets", b"old")
    keep("customer:1", "tickets", b"old")

    pages.bump(pages.EVERYONE)

    assert pages.find("agent", "tickets").page is None
    assert pages.find("customer:1", "tickets").page is None


def test_a_page_computed_before_a_bump_and_kept_after_it_is_never_found():
    place, _page = pages.find("agent", "tickets")
    pages.bump("agent")
    pages.keep(place, b"old", seconds=60)

    assert pages.find("agent", "tickets").page is None


@pytest.mark.parametrize("lost", ["version:agent", "version:everyone"])
def test_a_version_that_redis_lost_revives_no_page(redis, lost):
    keep("agent", "tickets", b"old")
    for _ in range(3):
        pages.bump("agent", pages.EVERYONE)
    keep("agent", "tickets", b"newer")

    redis.delete(lost)

    assert pages.find("agent", "tickets").page is None


def test_a_version_rises_also_when_the_clock_was_set_back(redis):
    ahead = int(time.time() * 1_000_000) + 10**12
    redis.set("version:agent", ahead)
    keep("agent", "tickets", b"old")

    pages.bump("agent")

    assert int(redis.get("version:agent")) == ahead + 1
    assert pages.find("agent", "tickets").page is None


def test_nothing_stays_in_redis_for_ever(redis):
    keep("agent", "tickets", b"page", seconds=60)
    pages.find("admin", "tickets")
    pages.bump("agent", "customer:7")

    lives = {key.decode(): redis.ttl(key) for key in redis.keys("*")}
    assert len(lives) == 6  # three scopes and everyone, a page, and a flight
    assert {key for key, seconds in lives.items() if not 0 < seconds <= pages.VERSION_SECONDS} == set()


def test_of_many_who_miss_a_page_one_computes_it_and_the_others_get_it():
    computed, together = [], threading.Barrier(20)

    def read(_: int) -> bytes:
        together.wait(5)
        place, page = pages.find("agent", "tickets")
        if page is None:
            computed.append(place)
            time.sleep(0.1)
            page = b"page"
            pages.keep(place, page, seconds=60)
        return page

    with ThreadPoolExecutor(20) as readers:
        answers = list(readers.map(read, range(20)))

    assert answers == [b"page"] * 20
    assert len(computed) == 1


def test_who_waits_in_vain_computes_it_and_nobody_waits_longer_than_half_a_second():
    pages.find("agent", "tickets")  # and this one never comes back

    began = time.monotonic()
    found = pages.find("agent", "tickets")

    assert found.page is None
    assert 0.4 < time.monotonic() - began < 5


def test_who_waits_is_not_given_a_page_older_than_its_question():
    place, _page = pages.find("agent", "tickets")
    with ThreadPoolExecutor(1) as other:
        waiting = other.submit(pages.find, "agent", "tickets")
        pages.bump("agent")
        pages.keep(place, b"old", seconds=60)
        found = waiting.result(5)

    assert found.page is None


def test_who_gives_up_lets_the_next_one_begin_at_once():
    place, _page = pages.find("agent", "tickets")
    pages.leave(place)

    began = time.monotonic()
    assert pages.find("agent", "tickets").page is None
    assert time.monotonic() - began < 0.4


def test_a_huge_page_is_not_kept_and_nobody_waits_for_it():
    place, _page = pages.find("agent", "comments")
    pages.keep(place, b"x" * (pages.LARGEST + 1), seconds=60)

    began = time.monotonic()
    assert [pages.find("agent", "comments").page for _ in range(3)] == [None] * 3
    assert time.monotonic() - began < 0.4


def test_what_could_not_be_moved_on_is_before_this_process_reads_again(own_valkey):
    """Redis was late, not away: it comes back with the pages from before."""
    keep("agent", "tickets", b"old")
    keep("customer:1", "tickets", b"old")
    keep("customer:2", "tickets", b"old")
    own_valkey.freeze()
    with pytest.raises(RedisDown):
        pages.bump("agent", "customer:1")
    own_valkey.thaw()

    found = eventually(lambda: _found("customer:1", "agent", "customer:2"))

    assert found == [None, None, b"old"]
    assert not pages._owed


def _found(*scopes: str) -> list[bytes | None] | None:
    try:
        return [pages.find(scope, "tickets").page for scope in scopes]
    except RedisDown:
        return None


def test_without_redis_everybody_is_told_so(own_valkey):
    own_valkey.kill()

    with pytest.raises(RedisDown):
        pages.find("agent", "tickets")
    with pytest.raises(RedisDown):
        pages.bump("agent")
