"""Until when a closed ticket is opened again, and the new one that takes it up later."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine

from helpdesk.events.models import EventRecord
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.operations import tickets as operations
from helpdesk.tickets.operations.merges import merge_ticket
from tests.factories import comment_on, ticket_of
from tests.people import NOON, UserFactory

Api = Callable[[Any], Any]

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
AGAIN = {"title": "It burns again", "description": "Since this morning."}


def closed_ticket(creator: Any, *, by: Any, at: datetime = NOON) -> Any:
    return operations.close_ticket(by=by, ticket_id=ticket_of(creator).pk, now=at)


def reopen(client: Any, ticket: Any, *, at: datetime) -> Any:
    with time_machine.travel(at, tick=False):
        return client.post(f"/api/tickets/{ticket.pk}/reopen/")


@pytest.fixture
def later_api_as(api_as: Api) -> Callable[[Any, datetime], Any]:
    """`later_api_as(user, at)`: who signs in then."""

    def client(user: Any, at: datetime) -> Any:
        with time_machine.travel(at, tick=False):
            return api_as(user)

    return client


# --- the window ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("passed", "status"), [(14 * DAY, 200), (14 * DAY + SECOND, 409)])
def test_a_customer_reopens_for_fourteen_days(
    later_api_as: Any, customer: Any, agent: Any, passed: timedelta, status: int
) -> None:
    ticket = closed_ticket(customer, by=agent)
    told = EventRecord.objects.count()

    response = reopen(later_api_as(customer, NOON + passed), ticket, at=NOON + passed)

    assert response.status_code == status
    stored = Ticket.objects.get(pk=ticket.pk)
    if status == 409:
        body = response.json()
        assert (body["code"], body["reopenable_until"]) == ("reopen_window_over", "2026-12-04T12:00:00Z")
        assert (stored.status, stored.version, EventRecord.objects.count()) == ("closed", ticket.version, told)
    else:
        assert stored.status == "open"


@pytest.mark.parametrize("role", ["agent", "admin"])
def test_staff_reopen_at_any_time(
    later_api_as: Any, customer: Any, agent: Any, request: pytest.FixtureRequest, role: str
) -> None:
    ticket, at = closed_ticket(customer, by=agent), NOON + 4000 * DAY
    response = reopen(later_api_as(request.getfixturevalue(role), at), ticket, at=at)
    assert (response.status_code, response.json()["status"]) == (200, "open")


@pytest.mark.parametrize(("days", "passed", "status"), [(0, 4000, 200), (3, 3, 200), (3, 4, 409)])
def test_the_days_are_a_setting_and_0_is_always(
    later_api_as: Any, customer: Any, agent: Any, settings: Any, days: int, passed: int, status: int
) -> None:
    settings.TICKET_REOPEN_DAYS = days
    ticket, at = closed_ticket(customer, by=agent), NOON + passed * DAY

    client = later_api_as(customer, at)
    with time_machine.travel(at, tick=False):
        offered = "reopen" in client.get(f"/api/tickets/{ticket.pk}/").json()["allowed_actions"]

    assert (reopen(client, ticket, at=at).status_code, offered) == (status, status == 200)


def test_the_days_count_from_the_last_closing(later_api_as: Any, customer: Any, agent: Any) -> None:
    ticket = closed_ticket(customer, by=agent)
    operations.reopen_ticket(by=customer, ticket_id=ticket.pk, now=NOON + 10 * DAY)
    operations.close_ticket(by=customer, ticket_id=ticket.pk, now=NOON + 11 * DAY)
    at = NOON + 24 * DAY
    assert reopen(later_api_as(customer, at), ticket, at=at).status_code == 200


def test_a_resolved_ticket_is_reopened_however_long_ago_it_was_resolved(
    later_api_as: Any, customer: Any, agent: Any
) -> None:
    """A comment would wake it just as well."""
    ticket, at = ticket_of(customer), NOON + 400 * DAY
    operations.update_ticket(by=agent, ticket_id=ticket.pk, changes={"status": "resolved"}, now=NOON)
    assert reopen(later_api_as(customer, at), ticket, at=at).status_code == 200


def test_the_refusal_is_said_in_the_readers_language(later_api_as: Any, customer: Any, agent: Any) -> None:
    ticket, at = closed_ticket(customer, by=agent), NOON + 15 * DAY
    client = later_api_as(customer, at)
    with time_machine.travel(at, tick=False):
        response = client.post(f"/api/tickets/{ticket.pk}/reopen/", HTTP_ACCEPT_LANGUAGE="es")
    assert response.json()["detail"] == "Este ticket se cerró hace demasiado tiempo. Abre uno nuevo que lo continúe."


def test_a_strangers_ticket_is_404_however_long_ago_it_was_closed(
    later_api_as: Any, customer: Any, stranger: Any, agent: Any
) -> None:
    ticket, at = closed_ticket(customer, by=agent), NOON + 15 * DAY
    assert reopen(later_api_as(stranger, at), ticket, at=at).status_code == 404


# --- what follows it up ----------------------------------------------------------------------------------------------


def test_a_customer_takes_a_closed_ticket_up_again(api_as: Api, customer: Any, agent: Any) -> None:
    old = closed_ticket(customer, by=agent)

    response = api_as(customer).post("/api/tickets/", {**AGAIN, "follow_up_of": old.pk})

    assert (response.status_code, response.json()["follow_up_of"]) == (201, old.pk)
    new = response.json()["id"]
    for user in (customer, agent):
        assert api_as(user).get(f"/api/tickets/{new}/").json()["follow_up_of"] == old.pk
    assert EventRecord.objects.get(type="ticket_created", subject_id=new).data["follow_up_of"] == old.pk
    stored = Ticket.objects.get(pk=old.pk)
    assert (stored.status, stored.version) == ("closed", old.version)


def test_an_agent_does_so_for_the_person_who_opened_it(api_as: Api, customer: Any, agent: Any) -> None:
    old = closed_ticket(customer, by=agent)

    body = {**AGAIN, "follow_up_of": old.pk, "created_by": customer.pk}
    response = api_as(agent).post("/api/tickets/", body)

    assert (response.status_code, response.json()["follow_up_of"]) == (201, old.pk)


@pytest.mark.parametrize("created_by", ["agent", "stranger"])
def test_but_for_nobody_else(
    api_as: Api, customer: Any, agent: Any, request: pytest.FixtureRequest, created_by: str
) -> None:
    old, creator = closed_ticket(customer, by=agent), request.getfixturevalue(created_by)
    response = api_as(agent).post("/api/tickets/", {**AGAIN, "follow_up_of": old.pk, "created_by": creator.pk})
    assert refused(response) == (400, "follow_up_of", "other_requester")
    assert Ticket.objects.count() == 1


@pytest.mark.parametrize("status", ["open", "in_progress", "pending", "resolved"])
def test_only_what_is_closed_is_taken_up(api_as: Api, customer: Any, agent: Any, status: str) -> None:
    old = ticket_of(customer)
    operations.update_ticket(by=agent, ticket_id=old.pk, changes={"status": status}, now=NOON)
    response = api_as(customer).post("/api/tickets/", {**AGAIN, "follow_up_of": old.pk})
    assert refused(response) == (400, "follow_up_of", "not_closed")
    assert Ticket.objects.count() == 1


def test_a_strangers_ticket_is_not_there_to_be_taken_up(api_as: Api, customer: Any, stranger: Any, agent: Any) -> None:
    foreign, opened = closed_ticket(stranger, by=agent), ticket_of(stranger)
    deleted = closed_ticket(customer, by=agent)
    operations.delete_ticket(by=agent, ticket_id=deleted.pk, now=NOON)

    answers = set()
    for nothing in (foreign.pk, opened.pk, deleted.pk, 9_000_000_000):
        response = api_as(customer).post("/api/tickets/", {**AGAIN, "follow_up_of": nothing})
        assert refused(response) == (400, "follow_up_of", "does_not_exist")
        answers.add(response.content.replace(response.headers["X-Request-ID"].encode(), b""))
    assert len(answers) == 1
    assert Ticket.objects.filter(title=AGAIN["title"]).count() == 0


def test_null_takes_up_nothing(api_as: Api, customer: Any) -> None:
    response = api_as(customer).post("/api/tickets/", {**AGAIN, "follow_up_of": None})
    assert (response.status_code, response.json()["follow_up_of"]) == (201, None)


def test_what_is_taken_up_is_not_changed_afterwards(api_as: Api, customer: Any, agent: Any) -> None:
    old, other = closed_ticket(customer, by=agent), closed_ticket(customer, by=agent)
    new = ticket_of(customer, follow_up_of=old.pk)
    assert api_as(agent).patch(f"/api/tickets/{new.pk}/", {"follow_up_of": other.pk}).json()["follow_up_of"] == old.pk


def test_of_a_ticket_that_is_gone_not_even_the_number_is_told(api_as: Api, customer: Any, agent: Any) -> None:
    old = closed_ticket(customer, by=agent)
    new = ticket_of(customer, follow_up_of=old.pk)
    operations.delete_ticket(by=agent, ticket_id=old.pk, now=NOON)
    for user in (customer, agent):
        assert api_as(user).get(f"/api/tickets/{new.pk}/").json()["follow_up_of"] is None


def test_a_person_who_changed_hands_sees_no_number_of_anothers(api_as: Api, customer: Any, agent: Any) -> None:
    """The rule is asked when it is read, too: rows may have changed behind it."""
    old = closed_ticket(customer, by=agent)
    new = ticket_of(customer, follow_up_of=old.pk)
    Ticket.objects.filter(pk=old.pk).update(created_by=UserFactory())
    assert api_as(customer).get(f"/api/tickets/{new.pk}/").json()["follow_up_of"] is None


def test_what_was_merged_goes_on_elsewhere_and_is_not_followed_up(api_as: Api, customer: Any, agent: Any) -> None:
    old = ticket_of(customer)
    merge_ticket(by=agent, ticket_id=old.pk, into=ticket_of(customer).pk, now=NOON)

    response = api_as(customer).post("/api/tickets/", {"title": "x", "description": "x", "follow_up_of": old.pk})

    assert refused(response) == (400, "follow_up_of", "ticket_merged")
    assert Ticket.objects.count() == 2


def test_who_may_not_comment_any_more_is_told_the_way_on(api_as: Api, customer: Any, agent: Any) -> None:
    old = closed_ticket(customer, by=agent, at=NOON - 4000 * DAY)
    comment_on(old, agent)
    assert api_as(customer).get(f"/api/tickets/{old.pk}/").json()["allowed_actions"] == ["follow_up"]


def refused(response: Any) -> tuple[int, str, str]:
    [error] = response.json()["errors"]
    return response.status_code, error["field"], error["code"]
