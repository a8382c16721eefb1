"""Where a client goes on."""

from datetime import timedelta

import pytest

from helpdesk.events.cursors import Cursor
from helpdesk.realtime.resuming import resume
from tests.people import NOON

HEAD = Cursor(position=50, at=NOON)


def test_without_a_cursor_it_starts_from_now() -> None:
    start = resume(None, head=50, now=NOON)

    assert (start.cursor, start.recovered, start.problem) == (HEAD, None, None)


@pytest.mark.parametrize("position", [0, 7, 50])
def test_with_a_cursor_it_goes_on_there(position: int) -> None:
    start = resume(str(Cursor(position=position, at=NOON - timedelta(days=29))), head=50, now=NOON)

    assert (start.cursor, start.recovered) == (Cursor(position=position, at=NOON), True)


def test_with_a_cursor_older_than_thirty_days_it_must_reload_and_starts_from_now() -> None:
    start = resume(str(Cursor(position=7, at=NOON - timedelta(days=30, seconds=1))), head=50, now=NOON)

    assert (start.cursor, start.recovered, start.problem) == (HEAD, False, None)


def test_a_cursor_from_a_future_that_was_restored_away_means_reload() -> None:
    start = resume(str(Cursor(position=51, at=NOON)), head=50, now=NOON)

    assert (start.cursor, start.recovered, start.problem) == (HEAD, False, None)


@pytest.mark.parametrize("garbage", ["x", "%00", "MC4x.", "A" * 5000, "ñ", "OTk5OTk5OTk5OTk5OTk5OTk5OTkuMQ"])
def test_with_garbage_it_starts_from_now_and_is_told_so(garbage: str) -> None:
    start = resume(garbage, head=50, now=NOON)

    assert (start.cursor, start.recovered) == (HEAD, False)
    assert start.problem
    assert start.problem.code == "invalid"
