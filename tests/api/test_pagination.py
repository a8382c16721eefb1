"""Pages over real tickets: what a client that follows `next` gets to see."""

import re

import pytest
from rest_framework.exceptions import NotFound

from helpdesk.api.pagination import CursorPages, Pages
from helpdesk.core.errors import Invalid
from helpdesk.tickets.models import Ticket
from tests.api.paging import ORDERS, ShallowPages, fetch, follow, ids, in_order
from tests.people import NOON, UserFactory


@pytest.mark.parametrize("pages", [ShallowPages, CursorPages])
@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
def test_following_next_reaches_every_row_once_and_in_order(tickets, order, pages):
    queryset = tickets.order_by(*order)

    found = ids(follow(queryset.values("id", "title"), pages=pages))

    assert found == in_order(tickets, order)


@pytest.mark.parametrize("pages", [ShallowPages, CursorPages])
@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
def test_following_previous_leads_all_the_way_back(tickets, order, pages):
    queryset = tickets.order_by(*order)
    *_, (_rows, last) = [fetch(queryset, url, pages) for url in addresses(queryset, pages)]

    back = list(follow(queryset, last.data["previous"], pages, link="previous"))

    assert ids(reversed(back)) == in_order(tickets, order)[: sum(map(len, back))]
    assert back[-1][0].pk == in_order(tickets, order)[0]


def addresses(queryset, pages):
    url = "/?page_size=4"
    while url:
        yield url
        url = fetch(queryset, url, pages)[1].data["next"]


def test_instances_and_dicts_come_without_what_pages_needed(tickets):
    for url in ("/?page_size=4", "/?page=2&page_size=4"):
        rows, response = fetch(tickets.order_by("id").values("id", "title"), url)
        assert [row.keys() for row in rows] == [{"id", "title"}] * 4
    (instance, *_), _response = fetch(tickets.order_by("id"), response.data["next"])
    assert [name for name in vars(instance) if name.startswith("_") and name != "_state"] == []


@pytest.mark.parametrize("url", ["/?page_size=4", "/?page_size=100", "/?page=2&page_size=4"])
@pytest.mark.parametrize("form", [lambda q: q, lambda q: q.values("id", "created_by__username")])
def test_rows_and_count_cost_one_statement(tickets, django_assert_num_queries, url, form):
    with django_assert_num_queries(1):
        rows, response = fetch(form(tickets.order_by("-created_at")), url)

    assert (response.data["count"], len(rows)) == (25, min(25, 4 if "=4" in url else 100))


def test_a_deep_page_costs_one_statement_too(tickets, django_assert_num_queries):
    *_, last = addresses(tickets.order_by("-created_at"), ShallowPages)

    with django_assert_num_queries(1):
        rows, _response = fetch(tickets.order_by("-created_at"), last)

    assert rows


def test_counting_does_not_join_what_only_the_rows_show(tickets, django_assert_num_queries):
    class View:
        filterset_class = None

        def page_rows(self, queryset):
            return queryset.values("id", "created_by__username")

    with django_assert_num_queries(1) as captured:
        rows, _response = fetch(tickets.order_by("-created_at"), view=View())

    counted = re.search(r"\(SELECT COUNT\(\*\) FROM \((.*?)\) AS counted\)", captured[0]["sql"])
    assert "JOIN" not in counted[1]
    assert rows[0].keys() == {"id", "created_by__username"}


def test_the_body_has_the_members_of_the_contract(tickets):
    _rows, response = fetch(tickets.order_by("id").values("id"), "/?page=1&page_size=4&status=open", Pages)

    assert list(response.data) == ["count", "next", "previous", "results"]
    assert (response.data["count"], response.data["next"], response.data["previous"]) == (
        25,
        "http://testserver/?page=2&page_size=4&status=open",
        None,
    )


def test_links_are_mirrored_in_a_header(tickets):
    _rows, first = fetch(tickets.order_by("id"), "/?page_size=10", Pages)
    _rows, second = fetch(tickets.order_by("id"), first.data["next"], Pages)
    _rows, third = fetch(tickets.order_by("id"), second.data["next"], Pages)

    base = "http://testserver/?page={}&page_size=10"
    assert first.headers["Link"] == f'<{base.format(2)}>; rel="next"'
    assert second.headers["Link"] == f'<{base.format(3)}>; rel="next", <{base.format(1)}>; rel="prev"'
    assert third.headers["Link"] == f'<{base.format(2)}>; rel="prev"'


def test_one_page_has_no_link(tickets):
    _rows, response = fetch(tickets.order_by("id"), "/?page_size=100")

    assert "Link" not in response.headers


def test_a_hostile_query_breaks_no_header(tickets):
    _rows, response = fetch(tickets.order_by("id"), '/?page_size=4&q=%0d%0aX:1>;rel="next",<%22', Pages)

    assert re.fullmatch(r'<[^<>\s]*>; rel="next"', response.headers["Link"])


def test_an_empty_list_is_one_empty_page(db, django_assert_num_queries):
    with django_assert_num_queries(1):
        rows, response = fetch(Ticket.objects.order_by("id"), "/?status=open")

    assert (rows, response.data) == ([], {"count": 0, "next": None, "previous": None, "results": []})


@pytest.mark.parametrize("page", ["2", "3", "99"])
def test_a_page_that_is_not_there_is_404(tickets, page):
    with pytest.raises(NotFound):
        fetch(tickets.order_by("id"), f"/?page_size=100&page={page}", Pages)


@pytest.mark.parametrize("name", ["page", "page_size"])
@pytest.mark.parametrize(
    "value",
    ["0", "-1", "abc", "", "1.5", "1e3", "%201", "٣", "9" * 30, "0" * 5000 + "1", "1_0"],
    ids=lambda value: value[:10],
)
def test_what_is_no_positive_number_is_400(tickets, name, value):
    with pytest.raises(Invalid) as refused:
        fetch(tickets.order_by("id"), f"/?{name}={value}", Pages)

    assert [error.field for error in refused.value.errors] == [name]


def test_pages_hold_20_and_never_more_than_100(db):
    maker = UserFactory()
    Ticket.objects.bulk_create(
        Ticket(title="t", description="x", created_by=maker, created_at=NOON, updated_at=NOON, public_updated_at=NOON)
        for _ in range(105)
    )

    sizes = {
        url: len(fetch(Ticket.objects.order_by("id"), url, Pages)[0])
        for url in ("/", "/?page_size=101", "/?page_size=9999")
    }

    assert sizes == {"/": 20, "/?page_size=101": 100, "/?page_size=9999": 100}


def test_a_hand_made_page_beyond_the_limit_is_too_deep(tickets):
    last, _response = fetch(tickets.order_by("id"), "/?page_size=4&page=2")
    with pytest.raises(Invalid) as refused:
        fetch(tickets.order_by("id"), "/?page_size=4&page=3")

    assert (len(last), refused.value.code) == (4, "page_too_deep")
    assert Pages.deepest == 10_000


def test_beyond_the_limit_next_is_a_cursor_and_previous_still_leads_back(tickets):
    _rows, second = fetch(tickets.order_by("id"), "/?page_size=4&page=2&status=open")

    assert re.fullmatch(r"http://testserver/\?cursor=[\w-]+&page_size=4&status=open", second.data["next"])
    assert second.data["previous"] == "http://testserver/?page=1&page_size=4&status=open"
    third, response = fetch(tickets.order_by("id"), second.data["next"])
    assert response.data["count"] == 6
    before, _ = fetch(tickets.order_by("id"), response.data["previous"])
    assert ids([before, third]) == sorted(ids([before, third]))


@pytest.mark.parametrize(
    ("url", "count", "exact"),
    [
        ("/?page_size=4", 25, True),
        ("/?page_size=4&ordering=-created_at", 25, True),
        ("/?page_size=4&status=", 25, True),
        ("/?page_size=4&status=open", 6, False),
    ],
)
def test_the_count_is_exact_without_filters_and_capped_with_them(tickets, url, count, exact):
    _rows, response = fetch(tickets.order_by("id"), url)

    assert (response.data["count"], response.data.get("count_exact", True)) == (count, exact)


def test_a_filtered_count_stops_reading_one_row_beyond_the_limit(tickets, django_assert_num_queries):
    with django_assert_num_queries(1) as captured:
        fetch(tickets.order_by("id"), "/?page_size=4&status=open")

    assert "LIMIT 7) AS counted)" in captured[0]["sql"]


def test_a_filtered_count_up_to_the_limit_is_exact(tickets):
    few = tickets.filter(pk__in=list(tickets.order_by("id").values_list("pk", flat=True)[:6]))

    _rows, response = fetch(few.order_by("id"), "/?page_size=4&status=open")

    assert (response.data["count"], "count_exact" in response.data) == (6, False)
