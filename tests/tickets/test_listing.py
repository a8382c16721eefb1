"""`GET /api/tickets/`: what is in a row, what narrows the list, and what a bad question gets."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.factories import comment_on, ticket_of
from tests.people import NOON, AgentFactory, UserFactory

Api = Callable[[Any], Any]

UNKNOWN = 9_000_000_000


def ids(response: Any) -> list[int]:
    assert response.status_code == 200, response.content
    return [ticket["id"] for ticket in response.json()["results"]]


def test_a_row_tells_what_the_contract_names_and_no_more(api_as: Api, customer: Any, agent: Any) -> None:
    ticket = ticket_of(agent, created_by=customer.pk, assigned_to=agent.pk, priority="high")
    comment_on(ticket, customer, now=NOON + timedelta(hours=1))

    page = api_as(customer).get("/api/tickets/").json()

    assert page == {
        "count": 1,
        "next": None,
        "previous": None,
        "results": [
            {
                "id": ticket.pk,
                "title": "Printer on fire",
                "status": "open",
                "priority": "high",
                "category": None,
                "tags": [],
                "created_by": {
                    "id": customer.pk,
                    "username": customer.username,
                    "name": customer.name,
                    "role": "customer",
                },
                "assigned_to": {"id": agent.pk, "username": agent.username, "name": agent.name, "role": "agent"},
                "comments_count": 1,
                "last_comment_at": "2026-11-20T13:00:00Z",
                "created_at": "2026-11-20T12:00:00Z",
                "updated_at": "2026-11-20T13:00:00Z",
                "version": 1,
            }
        ],
    }


def test_what_nobody_has_or_said_is_null(api_as: Api, customer: Any) -> None:
    ticket_of(customer)

    (row,) = api_as(customer).get("/api/tickets/").json()["results"]

    assert (row["assigned_to"], row["last_comment_at"], row["comments_count"]) == (None, None, 0)


def test_customers_list_their_own_tickets_and_staff_all(
    api_as: Api, customer: Any, stranger: Any, agent: Any, admin: Any
) -> None:
    own, foreign = ticket_of(customer), ticket_of(stranger)
    on_behalf = ticket_of(agent, created_by=customer.pk)

    assert ids(api_as(customer).get("/api/tickets/")) == [on_behalf.pk, own.pk]
    assert ids(api_as(stranger).get("/api/tickets/")) == [foreign.pk]
    for member in (agent, admin):
        assert ids(api_as(member).get("/api/tickets/")) == [on_behalf.pk, foreign.pk, own.pk]


def test_times_are_utc_with_a_z(api_as: Api, customer: Any) -> None:
    response = api_as(customer).post("/api/tickets/", {"title": "t", "description": "d"})
    assert response.json()["created_at"].endswith("Z")
    assert abs(timezone.datetime.fromisoformat(response.json()["created_at"]) - timezone.now()) < timedelta(minutes=1)


def test_two_people_of_one_name_stay_two(api_as: Api, agent: Any) -> None:
    one, other = UserFactory(name="Ana"), UserFactory(name="Ana")
    ticket_of(one)
    ticket_of(other)
    assert len(ids(api_as(agent).get(f"/api/tickets/?created_by={one.pk}"))) == 1


# --- filters ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def other_agent(db: None) -> Any:
    return AgentFactory(username="other_agent")


@pytest.fixture
def desk_of_four(customer: Any, stranger: Any, agent: Any, other_agent: Any) -> dict[str, Any]:
    """Four tickets that differ in everything that a filter asks for."""
    from helpdesk.tickets.operations.tickets import update_ticket

    def moved(ticket: Any, status: str) -> Any:
        return update_ticket(by=agent, ticket_id=ticket.pk, changes={"status": status}, now=NOON)

    day = timedelta(days=1)
    return {
        "a": ticket_of(agent, created_by=customer.pk, assigned_to=agent.pk, priority="urgent", now=NOON - 3 * day),
        "b": moved(ticket_of(customer, priority="low", now=NOON - 2 * day), "pending"),
        "c": moved(ticket_of(agent, created_by=stranger.pk, assigned_to=other_agent.pk, now=NOON - day), "closed"),
        "d": moved(ticket_of(stranger, priority="high", now=NOON), "in_progress"),
    }


def found(desk: dict[str, Any], response: Any) -> str:
    """The names of the tickets in the answer, oldest first: `"ac"`."""
    shown = set(ids(response))
    return "".join(name for name, ticket in desk.items() if ticket.pk in shown)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", "abcd"),
        ("status=open", "a"),
        ("status=resolved", ""),
        ("status__in=pending,closed", "bc"),
        ("status__in=open", "a"),
        ("priority=low", "b"),
        ("priority__in=urgent,high", "ad"),
        ("priority__in=medium,low,high,urgent", "abcd"),
        ("created_at__gte=2026-11-18T12:00:00Z", "bcd"),
        ("created_at__lte=2026-11-18T12:00:00Z", "ab"),
        ("created_at__gte=2026-11-18T13:00:00%2B01:00", "bcd"),
        ("created_at__gte=2026-11-18&created_at__lte=2026-11-20", "bc"),
        ("unassigned=true", "bd"),
        ("unassigned=false", "ac"),
        ("mine=true", "a"),
        ("mine=false", "abcd"),
        ("deleted=false", "abcd"),
        ("status=open&priority=urgent", "a"),
        ("status=open&priority=low", ""),
        (f"assigned_to={UNKNOWN}", ""),
        (f"created_by={UNKNOWN}", ""),
        ("assigned_to=0", ""),
        ("assigned_to=-1", ""),
        (f"assigned_to__in={UNKNOWN},{UNKNOWN + 1}", ""),
        (f"created_by__in={UNKNOWN}", ""),
        ("no_such_filter=1", "abcd"),
    ],
)
def test_a_filter_keeps_what_it_says(
    api_as: Api, agent: Any, desk_of_four: dict[str, Any], query: str, names: str
) -> None:
    response = api_as(agent).get(f"/api/tickets/?{query}")
    assert (found(desk_of_four, response), response.json()["count"]) == (names, len(names))


def test_people_are_filtered_by_id_alone_and_several_at_once(
    api_as: Api, customer: Any, stranger: Any, agent: Any, other_agent: Any, desk_of_four: dict[str, Any]
) -> None:
    def names(query: str) -> str:
        return found(desk_of_four, api_as(agent).get(f"/api/tickets/?{query}"))

    assert names(f"assigned_to={agent.pk}") == "a"
    assert names(f"assigned_to__in={agent.pk},{other_agent.pk}") == "ac"
    assert names(f"assigned_to__in={agent.pk},{UNKNOWN}") == "a"
    assert names(f"created_by={stranger.pk}") == "cd"
    assert names(f"created_by__in={stranger.pk},{customer.pk}") == "abcd"


def test_mine_is_what_i_asked_for_or_what_i_work_on(
    api_as: Api, customer: Any, agent: Any, admin: Any, desk_of_four: dict[str, Any]
) -> None:
    own = ticket_of(agent)

    assert found(desk_of_four, api_as(customer).get("/api/tickets/?mine=true")) == "ab"
    assert ids(api_as(agent).get("/api/tickets/?mine=true")) == [desk_of_four["a"].pk]
    assert ids(api_as(admin).get("/api/tickets/?mine=true")) == []
    assert own.pk in ids(api_as(agent).get("/api/tickets/"))


def test_a_customers_filters_do_not_reach_beyond_their_own(
    api_as: Api, customer: Any, stranger: Any, other_agent: Any, desk_of_four: dict[str, Any]
) -> None:
    for query in (
        f"created_by={stranger.pk}",
        f"created_by__in={stranger.pk}",
        f"assigned_to={other_agent.pk}",
        "status=closed",
        "search=printer&status=closed",
        f"search=%23{desk_of_four['c'].pk}",
    ):
        page = api_as(customer).get(f"/api/tickets/?{query}").json()
        assert (page["count"], page["results"]) == (0, []), query


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("status", "melted"),
        ("status", "OPEN"),
        ("status__in", "open,melted"),
        ("priority", "soon"),
        ("priority", "3"),
        ("priority__in", "high,soon"),
        ("assigned_to", "me"),
        ("assigned_to", "1.5"),
        ("assigned_to__in", "1,x"),
        ("created_by", "[1]"),
        ("created_by__in", "1;2"),
        ("created_at__gte", "yesterday"),
        ("created_at__gte", "2026-13-45"),
        ("created_at__lte", "2026-11-20T25:00:00Z"),
        ("mine", "yes"),
        ("mine", "True"),
        ("unassigned", "1"),
        ("ordering", "title"),
        ("ordering", "--created_at"),
        ("ordering", "created_at,priority"),
        ("page", "0"),
        ("page", "-1"),
        ("page", "two"),
        ("page_size", "0"),
        ("page_size", "-5"),
        ("page_size", "many"),
    ],
)
def test_a_bad_value_is_400_and_names_its_parameter(
    api_as: Api, customer: Any, agent: Any, admin: Any, field: str, value: str
) -> None:
    for user in (customer, agent, admin):
        response = api_as(user).get("/api/tickets/", {field: value})
        assert response.status_code == 400
        assert [error["field"] for error in response.json()["errors"]] == [field]


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        (parameter, value)
        for parameter in ("created_at__gte", "created_at__lte")
        for value in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "0001-01-01", "9999-12-31T23:59:59Z")
    ],
)
def test_the_ends_of_time_are_dates_like_others(api_as: Api, agent: Any, parameter: str, value: str) -> None:
    ticket = ticket_of()
    after_all = value.startswith("9999")

    shown = ids(api_as(agent).get("/api/tickets/", {parameter: value}))

    assert (ticket.pk in shown) == (after_all == parameter.endswith("lte"))


@pytest.mark.parametrize("value", ["1e400", "10" * 20, "-" + "9" * 40])
@pytest.mark.parametrize("parameter", ["assigned_to", "assigned_to__in", "created_by", "page", "page_size"])
def test_numbers_out_of_range_are_400(api_as: Api, agent: Any, parameter: str, value: str) -> None:
    assert api_as(agent).get("/api/tickets/", {parameter: value}).status_code == 400


# --- deleted ---------------------------------------------------------------------------------------------------------


def test_only_admins_list_the_deleted(api_as: Api, customer: Any, agent: Any, admin: Any) -> None:
    gone, alive = ticket_of(customer), ticket_of(customer)
    assert api_as(agent).delete(f"/api/tickets/{gone.pk}/").status_code == 204

    assert ids(api_as(admin).get("/api/tickets/?deleted=true")) == [gone.pk]
    assert ids(api_as(admin).get("/api/tickets/")) == [alive.pk]
    assert ids(api_as(admin).get("/api/tickets/?deleted=false")) == [alive.pk]
    for user in (customer, agent):
        assert api_as(user).get("/api/tickets/?deleted=true").status_code == 403
        assert ids(api_as(user).get("/api/tickets/")) == [alive.pk]
    assert api_as(admin).get("/api/tickets/?deleted=maybe").status_code == 400


def test_the_deleted_are_filtered_like_the_living(api_as: Api, customer: Any, agent: Any, admin: Any) -> None:
    urgent, low = ticket_of(customer, priority="urgent"), ticket_of(customer, priority="low")
    for ticket in (urgent, low):
        api_as(agent).delete(f"/api/tickets/{ticket.pk}/")

    assert ids(api_as(admin).get("/api/tickets/?deleted=true&priority=urgent")) == [urgent.pk]
    assert ids(api_as(admin).get("/api/tickets/?deleted=true&ordering=priority")) == [low.pk, urgent.pk]
