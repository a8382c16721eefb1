"""Who takes how much, why a queue gave a ticket to somebody, and what happens by itself."""

from typing import Any

from helpdesk.tickets.models import AssignmentDecision, Ticket, Timer, Workload
from helpdesk.tickets.operations.tickets import update_ticket
from helpdesk.tickets.operations.workloads import update_workload
from tests.admin.forms import Browser, change, form_of, of, said, types
from tests.factories import team_of, ticket_of
from tests.people import NOON, AgentFactory, UserFactory

WORKLOADS = "/admin/tickets/workload/"
DECISIONS = "/admin/tickets/assignmentdecision/"
TIMERS = "/admin/tickets/timer/"


def test_an_agents_workload_is_set_and_changed(browser_as: Browser, admin: Any, agent: Any) -> None:
    browser = browser_as(admin)

    form = {"user": agent.pk, "capacity": "3", "available": "on"}
    assert browser.post(f"{WORKLOADS}add/", form).status_code == 302
    page = f"{WORKLOADS}{agent.pk}/change/"
    workload = Workload.objects.get()
    assert (workload.user, workload.capacity, workload.available) == (agent, 3, True)
    shown = form_of(browser.get(page))
    del shown["available"]
    assert browser.post(page, shown | {"capacity": ""}).status_code == 302

    workload.refresh_from_db()
    assert (workload.capacity, workload.available) == (None, False)
    assert types() == ["workload_updated"] * 2
    assert change(browser, page).status_code == 302
    assert types() == ["workload_updated"] * 2


def test_only_agents_take_anything_and_no_odd_number(browser_as: Browser, admin: Any, agent: Any) -> None:
    browser, customer = browser_as(admin), UserFactory()
    for odd in ({"user": customer.pk}, {"capacity": "-1"}, {"capacity": "10001"}, {"capacity": "x"}, {"user": ""}):
        form = {"user": agent.pk, "capacity": "3", "available": "on"} | odd
        assert browser.post(f"{WORKLOADS}add/", form).status_code == 200, odd
    assert (Workload.objects.count(), types()) == (0, [])
    update_workload(by=admin, user_id=agent.pk, changes={"capacity": 1}, now=NOON)
    twice = browser.post(f"{WORKLOADS}add/", {"user": agent.pk, "capacity": "9", "available": "on"})
    assert (twice.status_code, Workload.objects.get().capacity) == (200, 1)


def test_who_was_an_agent_meanwhile_is_no_error_of_ours(browser_as: Browser, admin: Any, agent: Any) -> None:
    update_workload(by=admin, user_id=agent.pk, changes={"capacity": 1}, now=NOON)
    browser, page = browser_as(admin), f"{WORKLOADS}{agent.pk}/change/"
    shown = form_of(browser.get(page))
    type(agent).objects.filter(pk=agent.pk).update(role="customer")
    assert browser.post(page, shown | {"capacity": "2"}).status_code == 302
    assert Workload.objects.get().capacity == 1


def test_the_list_says_what_each_has_and_takes(browser_as: Browser, admin: Any, agent: Any, settings: Any) -> None:
    settings.AGENT_CAPACITY = 77
    ticket_of(agent, assigned_to=agent.pk)
    update_workload(by=admin, user_id=agent.pk, changes={"available": False}, now=NOON)
    update_workload(by=admin, user_id=AgentFactory().pk, changes={"capacity": 5}, now=NOON)

    page = browser_as(admin).get(WORKLOADS)

    model_admin = page.context["cl"].model_admin
    rows = {
        (row.user.username == agent.username, model_admin.open_tickets(row), model_admin.takes(row), row.available)
        for row in page.context["cl"].result_list
    }
    assert rows == {(True, 1, 77, False), (False, 0, 5, True)}
    assert agent.username in said(page)


def test_more_room_lets_the_queue_drain(browser_as: Browser, committing: Any, admin: Any, agent: Any) -> None:
    """The event of the admin is heard like any other."""
    update_workload(by=admin, user_id=agent.pk, changes={"capacity": 0}, now=NOON)
    with committing():
        ticket = ticket_of(agent, team=team_of(agent, assignment="round_robin").pk)
    assert Ticket.objects.get(pk=ticket.pk).assigned_to is None

    with committing():
        assert change(browser_as(admin), f"{WORKLOADS}{agent.pk}/change/", capacity="1").status_code == 302

    assert Ticket.objects.get(pk=ticket.pk).assigned_to == agent


def test_a_decision_is_explained_and_changed_by_nobody(
    browser_as: Browser, committing: Any, admin: Any, agent: Any
) -> None:
    other = AgentFactory()
    update_workload(by=admin, user_id=other.pk, changes={"available": False}, now=NOON)
    with committing():
        ticket = ticket_of(agent, team=team_of(agent, other, assignment="least_loaded").pk)
    browser, decision = browser_as(admin), AssignmentDecision.objects.latest("pk")
    page = f"{DECISIONS}{decision.pk}/change/"

    shown = said(browser.get(page))

    assert "has least" in shown
    assert f"{agent.username}: 0 / " in shown
    assert f"{other.username}: 0 / " in shown
    assert "away" in shown
    for query, number in {f"%23{ticket.pk}": 1, f"{ticket.pk}": 1, "%23987654": 0, "melted": 0, "": 1}.items():
        assert browser.get(f"{DECISIONS}?q={query}").context["cl"].result_count == number
    on_ticket = said(browser.get(of(ticket)))
    assert f"{agent.username}: has least" in on_ticket.replace("\n", "") or "has least" in on_ticket
    assert f"{DECISIONS}?q=%23{ticket.pk}" in on_ticket
    for path in (page, f"{DECISIONS}add/", page.replace("change", "delete")):
        assert browser.post(path, {"post": "yes", "reason": "x"}).status_code == 403


def test_a_timer_is_read_and_changed_by_nobody(browser_as: Browser, admin: Any, customer: Any) -> None:
    ticket = ticket_of(customer)
    update_ticket(by=admin, ticket_id=ticket.pk, changes={"status": "resolved"}, now=NOON)
    browser, timer = browser_as(admin), Timer.objects.get()
    page = f"{TIMERS}{timer.pk}/change/"
    assert "Nov. 27, 2026, noon" in said(browser.get(page))
    assert "Printer on fire" in said(browser.get(f"{TIMERS}?q=%23{ticket.pk}"))
    for path in (page, f"{TIMERS}add/", page.replace("change", "delete")):
        assert browser.post(path, {"post": "yes"}).status_code == 403
    assert Timer.objects.count() == 1
