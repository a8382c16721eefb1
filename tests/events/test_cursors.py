from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.core.errors import Invalid
from helpdesk.events.cursors import Cursor, CursorExpired, read_cursor
from tests.people import NOON


@given(position=st.integers(0, 10**18 - 1), age=st.integers(0, 30 * 24 * 3600))
def test_a_cursor_reads_back_as_written(position: int, age: int) -> None:
    cursor = Cursor(position=position, at=NOON - timedelta(seconds=age))
    assert read_cursor(str(cursor), now=NOON) == cursor


def test_a_cursor_older_than_thirty_days_is_gone_by_its_age_alone() -> None:
    with pytest.raises(CursorExpired):
        read_cursor(str(Cursor(position=5, at=NOON - timedelta(days=30, seconds=1))), now=NOON)


@given(st.text(max_size=60))
def test_anything_else_is_refused_and_never_breaks(text: str) -> None:
    try:
        cursor = read_cursor(text, now=NOON)
    except (Invalid, CursorExpired):
        return
    assert str(cursor).rstrip("=") == text.rstrip("=")


@pytest.mark.parametrize("text", ["", "abc", "é", "LTEuNQ", "OTk5OTk5OTk5OTk5OTk5OTk5OTkuMQ", "MS4tNQ", "MQ"])
def test_these_are_no_cursors(text: str) -> None:
    with pytest.raises(Invalid):
        read_cursor(text, now=NOON)
