"""Lists that are followed by a cursor: where it leads, and which ones are refused."""

import base64
import itertools
import json
import re
from datetime import timedelta

import pytest
from django.db.models import F

from helpdesk.api.keyset import InvalidCursor
from helpdesk.api.pagination import CursorPages, Pages
from helpdesk.tickets.models import Ticket
from tests.api.paging import ORDERS, fetch, follow, ids, in_order
from tests.people import NOON, UserFactory


def test_a_cursor_behind_the_last_row_still_knows_the_count(tickets):
    queryset = tickets.order_by("id")
    _rows, second = fetch(queryset, "/?page_size=4&page=2")
    cut = queryset.filter(pk__in=in_order(tickets, [])[:8])

    rows, response = fetch(cut, second.data["next"])

    assert (rows, response.data["count"], response.data["next"], response.data["previous"]) == ([], 8, None, None)


@pytest.mark.parametrize("order", ["-created_at", "-last_comment_at", "priority"])
def test_rows_that_come_in_meanwhile_move_nobody_who_follows_a_cursor(tickets, order):
    queryset = tickets.order_by(*ORDERS[order])
    expected = in_order(tickets, ORDERS[order])
    maker = UserFactory()

    def insert() -> None:
        for moment in (NOON - timedelta(days=1), NOON, NOON + timedelta(days=1)):
            Ticket.objects.create(
                title="new",
                description="x",
                created_by=maker,
                created_at=moment,
                updated_at=NOON,
                public_updated_at=NOON,
                last_comment_at=moment,
                priority="medium",
            )

    pages = follow(queryset, pages=CursorPages, between=insert)
    found = [pk for pk in ids(itertools.islice(pages, 40)) if pk in set(expected)]

    assert found == expected


def test_a_list_by_cursor_starts_with_an_empty_one(tickets):
    _rows, response = fetch(tickets.order_by("-id"), "/?cursor=&page_size=4", CursorPages)

    assert list(response.data) == ["next", "previous", "results"]
    assert response.data["previous"] is None
    assert response.headers["Link"] == f'<{response.data["next"]}>; rel="next"'


@pytest.mark.parametrize("pages", [Pages, CursorPages])
@pytest.mark.parametrize("order", ["-created_at", "priority", "last_comment_at"])
@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "=",
        "%ff",
        "ñ",
        "bnVsbA",
        "W10",
        "WzAsWyJpZCJdLFsxXV0",
        "WzIsWyItY3JlYXRlZF9hdCIsIi1pZCJdLFsiMjAyNiIsMV1d",
        "A" * 5000,
    ],
)
def test_what_is_no_cursor_of_this_list_is_400(tickets, pages, order, cursor):
    with pytest.raises(InvalidCursor):
        fetch(tickets.order_by(*ORDERS[order]), f"/?cursor={cursor}", pages)


@pytest.mark.parametrize(
    "values",
    [
        ["2026-11-20", 1],
        ["2026-11-20T10:00:00", 1],
        ["2026-11-20T10:00:00Z", "x"],
        ["2026-11-20T10:00:00Z", 2**64],
        ["2026-11-20T10:00:00Z", None],
        [None, 1],
        [1, 1],
        [[], {}],
        ["0000-00-00T00:00:00Z", 1],
        ["9999-12-31T23:59:59-23:59", 1],
        ["2026-11-20T10:00:00Z"],
        "ab",
        7,
    ],
    ids=str,
)
def test_a_cursor_with_forged_values_is_400(tickets, values):
    raw = json.dumps([0, ["-created_at", "-id"], values]).encode()
    forged = base64.urlsafe_b64encode(raw).decode().rstrip("=")

    with pytest.raises(InvalidCursor):
        fetch(tickets.order_by("-created_at", "-id"), f"/?cursor={forged}", CursorPages)


def test_a_cursor_with_a_nul_in_a_text_is_400(tickets):
    raw = json.dumps([0, ["created_by__username", "id"], ["a\0", 1]]).encode()
    forged = base64.urlsafe_b64encode(raw).decode().rstrip("=")

    with pytest.raises(InvalidCursor):
        fetch(tickets.order_by(F("created_by__username")), f"/?cursor={forged}", CursorPages)


def test_a_cursor_of_another_order_is_400(tickets):
    _rows, response = fetch(tickets.order_by("-created_at"), "/?page_size=4", CursorPages)

    with pytest.raises(InvalidCursor):
        fetch(tickets.order_by("created_at"), response.data["next"], CursorPages)


def test_a_deep_page_reads_one_range_of_an_index(tickets, django_assert_num_queries):
    """The row comparison, and no OR that would walk the index from its beginning."""
    _rows, response = fetch(tickets.order_by("-priority_rank", "-id"), "/?page_size=4", CursorPages)

    with django_assert_num_queries(1) as captured:
        fetch(tickets.order_by("-priority_rank", "-id"), response.data["next"], CursorPages)

    condition = captured[0]["sql"].partition("WHERE")[2]
    assert re.search(r'\("tickets_ticket"\."priority_rank", "tickets_ticket"\."id"\) < \(', condition)
    assert " OR " not in condition
