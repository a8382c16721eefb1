"""`GET /api/tickets/`, page after page, in each of its orders."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from helpdesk.api.pagination import Pages
from tests.factories import comment_on, ticket_of
from tests.people import NOON

Api = Callable[[Any], Any]


def ids(response: Any) -> list[int]:
    assert response.status_code == 200, response.content
    return [ticket["id"] for ticket in response.json()["results"]]


def test_pages_of_twenty_lead_through_all_rows(api_as: Api, customer: Any) -> None:
    newest_first = [ticket_of(customer, now=NOON + timedelta(seconds=n)).pk for n in range(45)][::-1]
    client = api_as(customer)

    seen, sizes, url = [], [], "/api/tickets/"
    while url:
        page = client.get(url).json()
        assert page["count"] == 45
        seen += [ticket["id"] for ticket in page["results"]]
        sizes.append(len(page["results"]))
        url = page["next"]

    assert (seen, sizes) == (newest_first, [20, 20, 5])
    assert ids(client.get(page["previous"])) == newest_first[20:40]


def test_a_page_that_is_not_there_is_404_but_an_empty_list_has_a_first(api_as: Api, customer: Any) -> None:
    assert api_as(customer).get("/api/tickets/?page=2").status_code == 404
    assert ids(api_as(customer).get("/api/tickets/?page=1")) == []


def test_the_page_size_is_clamped_to_a_hundred(api_as: Api, customer: Any) -> None:
    for n in range(101):
        ticket_of(customer, now=NOON + timedelta(seconds=n))
    assert len(ids(api_as(customer).get("/api/tickets/?page_size=1000"))) == 100
    assert len(ids(api_as(customer).get("/api/tickets/?page_size=3"))) == 3


def test_filters_stay_in_the_links(api_as: Api, customer: Any) -> None:
    for n in range(3):
        ticket_of(customer, priority="high" if n else "low", now=NOON + timedelta(seconds=n))
    response = api_as(customer).get("/api/tickets/?priority=high&page_size=1")

    following = response.json()["next"]

    assert following == "http://testserver/api/tickets/?page=2&page_size=1&priority=high"
    assert response.headers["Link"] == f'<{following}>; rel="next"'
    assert api_as(customer).get(following).json()["next"] is None


# --- orders ----------------------------------------------------------------------------------------------------------


def test_priorities_are_ordered_by_rank_and_ties_by_id(api_as: Api, customer: Any) -> None:
    low, urgent, medium, high, urgent_too = (
        ticket_of(customer, priority=priority).pk for priority in ("low", "urgent", "medium", "high", "urgent")
    )

    assert ids(api_as(customer).get("/api/tickets/?ordering=priority")) == [low, medium, high, urgent, urgent_too]
    assert ids(api_as(customer).get("/api/tickets/?ordering=-priority")) == [urgent_too, urgent, high, medium, low]


def test_the_newest_come_first_unless_asked_otherwise(api_as: Api, customer: Any) -> None:
    older, newer, same = (ticket_of(customer, now=NOON + timedelta(seconds=s)).pk for s in (0, 1, 1))

    assert ids(api_as(customer).get("/api/tickets/")) == [same, newer, older]
    assert ids(api_as(customer).get("/api/tickets/?ordering=-created_at")) == [same, newer, older]
    assert ids(api_as(customer).get("/api/tickets/?ordering=created_at")) == [older, newer, same]


@pytest.mark.parametrize("who", ["customer", "agent"])
def test_tickets_without_a_comment_come_last_either_way(
    api_as: Api, customer: Any, agent: Any, request: pytest.FixtureRequest, who: str
) -> None:
    silent, early, late, mute = (ticket_of(customer) for _ in range(4))
    comment_on(late, customer, now=NOON + timedelta(hours=2))
    comment_on(early, customer, now=NOON + timedelta(hours=1))
    client = api_as(request.getfixturevalue(who))

    assert ids(client.get("/api/tickets/?ordering=last_comment_at"))[:2] == [early.pk, late.pk]
    assert ids(client.get("/api/tickets/?ordering=-last_comment_at"))[:2] == [late.pk, early.pk]
    for ordering in ("last_comment_at", "-last_comment_at"):
        last = ids(client.get(f"/api/tickets/?ordering={ordering}"))[2:]
        assert sorted(last) == [silent.pk, mute.pk]


def test_the_last_touched_comes_first_by_updated_at(api_as: Api, customer: Any, agent: Any) -> None:
    first, second, third = (ticket_of(customer, now=NOON + timedelta(seconds=s)) for s in range(3))
    comment_on(first, customer, now=NOON + timedelta(hours=1))

    assert ids(api_as(agent).get("/api/tickets/?ordering=-updated_at")) == [first.pk, third.pk, second.pk]
    assert ids(api_as(agent).get("/api/tickets/?ordering=updated_at")) == [second.pk, third.pk, first.pk]


@pytest.mark.parametrize(
    "ordering",
    [sign + name for name in ("created_at", "updated_at", "priority", "last_comment_at") for sign in ("", "-")],
)
def test_pages_in_any_order_show_each_ticket_once(api_as: Api, customer: Any, ordering: str) -> None:
    """Every order ends in the id, or ties would be shown twice and others never."""
    for n in range(9):
        ticket = ticket_of(customer, priority=["low", "high"][n % 2])
        if n % 3:
            comment_on(ticket, customer)
    client = api_as(customer)

    whole = ids(client.get(f"/api/tickets/?ordering={ordering}"))
    paged = [
        pk for n in range(1, 6) for pk in ids(client.get(f"/api/tickets/?ordering={ordering}&page_size=2&page={n}"))
    ]

    assert paged == whole
    assert len(set(whole)) == 9


@pytest.mark.parametrize("role", ["customer", "agent"])
@pytest.mark.parametrize(
    "ordering",
    [sign + name for name in ("created_at", "updated_at", "priority", "last_comment_at") for sign in ("", "-")],
)
def test_beyond_the_deepest_page_next_still_reaches_every_row(
    api_as: Api,
    customer: Any,
    agent: Any,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
    ordering: str,
    role: str,
) -> None:
    for n in range(11):
        ticket = ticket_of(customer, priority=["low", "high", "urgent"][n % 3], now=NOON + timedelta(seconds=n // 2))
        if n % 3:
            comment_on(ticket, agent, is_internal=n % 2 == 0, now=NOON + timedelta(minutes=n // 3))
    client = api_as(request.getfixturevalue(role))
    whole = ids(client.get(f"/api/tickets/?ordering={ordering}"))
    monkeypatch.setattr(Pages, "deepest", 4)

    seen, url = [], f"/api/tickets/?ordering={ordering}&page_size=2"
    while url:
        page = client.get(url).json()
        assert page["count"] == 11
        seen += [ticket["id"] for ticket in page["results"]]
        last, url = url, page["next"]

    assert seen == whole
    assert "cursor=" in last
    response = client.get(f"/api/tickets/?ordering={ordering}&page_size=2&page=3")
    assert (response.status_code, response.json()["code"]) == (400, "page_too_deep")
