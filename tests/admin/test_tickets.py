"""A ticket's page, and the list's actions."""

from typing import Any

from helpdesk.accounts.models import User
from helpdesk.events.models import EventRecord
from helpdesk.tickets.models import Comment, Ticket
from helpdesk.tickets.operations import tickets as operations
from tests.admin.forms import LIST, Browser, change, form_of, new_ticket, of, said, types
from tests.factories import comment_on, ticket_of
from tests.people import NOON, AdminFactory


def test_a_ticket_is_opened_assigned_and_for_somebody(
    browser_as: Browser, admin: Any, agent: Any, customer: Any
) -> None:
    form = new_ticket(assigned_to=agent.pk, created_by=customer.pk, description="One.\r\nTwo.")
    assert browser_as(admin).post("/admin/tickets/ticket/add/", form).status_code == 302

    ticket = Ticket.objects.get()
    assert (ticket.title, ticket.description, ticket.priority) == ("Printer", "One.\nTwo.", "high")
    assert (ticket.created_by, ticket.assigned_to, ticket.status) == (customer, agent, "open")
    assert {record.actor_id for record in EventRecord.objects.all()} == {admin.pk}


def test_two_who_change_different_fields_at_once_both_succeed(browser_as: Browser, customer: Any, admin: Any) -> None:
    ticket = ticket_of(customer, description="A\nB")
    first, second = browser_as(admin), browser_as(AdminFactory())
    shown = form_of(first.get(of(ticket)))
    assert change(second, of(ticket), priority="urgent", description="C\r\nD").status_code == 302

    assert first.post(of(ticket), shown | {"status": "pending"}).status_code == 302

    ticket.refresh_from_db()
    assert (ticket.status, ticket.priority, ticket.description) == ("pending", "urgent", "C\nD")


def test_a_field_nobody_touched_is_not_at_fault_when_the_ticket_has_moved_on(
    browser_as: Browser, admin: Any, customer: Any, agent: Any
) -> None:
    """Neither a status nor an assignee that is no choice any more."""
    ticket = ticket_of(customer, assigned_to=agent.pk)
    browser = browser_as(admin)
    change(browser, of(ticket), status="resolved")
    shown = form_of(browser.get(of(ticket)))
    assert change(browser, of(ticket), status="closed", assigned_to="").status_code == 302
    User.objects.filter(pk=agent.pk).update(is_active=False)

    assert browser.post(of(ticket), shown | {"title": "New"}).status_code == 302

    ticket.refresh_from_db()
    assert (ticket.title, ticket.status, ticket.assigned_to) == ("New", "closed", None)


def test_a_form_offers_the_moves_that_exist(browser_as: Browser, admin: Any, customer: Any) -> None:
    ticket = ticket_of(customer)
    browser = browser_as(admin)
    change(browser, of(ticket), status="closed")
    form = browser.get(of(ticket)).context["adminform"].form
    assert {value for value, _ in form.fields["status"].choices} == {"closed", "open"}


def test_what_an_operation_refuses_is_said_beside_what_was_typed(
    browser_as: Browser, admin: Any, customer: Any
) -> None:
    ticket = ticket_of(customer)
    browser = browser_as(admin)
    shown = form_of(browser.get(of(ticket)))
    change(browser, of(ticket), status="closed")
    before = types()

    page = said(browser.post(of(ticket), shown | {"status": "pending", "title": "Typed"}))

    assert "pending" in page
    assert 'value="Typed"' in page
    assert (Ticket.objects.get().title, types()) == (ticket.title, before)


def test_all_of_a_form_is_done_or_nothing(browser_as: Browser, admin: Any, customer: Any) -> None:
    """The comment is refused after the ticket was changed: the change goes too."""
    ticket = ticket_of(customer)
    comment = comment_on(ticket, admin)
    browser = browser_as(admin)
    shown = form_of(browser.get(of(ticket)))
    Comment.objects.filter(pk=comment.pk).update(deleted_at=NOON)

    page = browser.post(of(ticket), shown | {"title": "New", "comments-0-content": "Edited"})

    assert page.status_code == 200
    assert Ticket.objects.get().title == ticket.title
    assert "ticket_updated" not in types()


def test_who_is_assigned_stays_offered_and_assigned(browser_as: Browser, admin: Any, customer: Any, agent: Any) -> None:
    """An agent who left still has the ticket until somebody gives it to another."""
    ticket = ticket_of(customer, assigned_to=agent.pk)
    User.objects.filter(pk=agent.pk).update(is_active=False)
    browser = browser_as(admin)

    assert change(browser, of(ticket), title="New").status_code == 302
    assert Ticket.objects.get().assigned_to == agent
    assert change(browser, of(ticket), assigned_to="").status_code == 302
    assert Ticket.objects.get().assigned_to is None
    assert change(browser, of(ticket), assigned_to=str(agent.pk)).status_code == 200
    assert change(browser, of(ticket), assigned_to=str(customer.pk)).status_code == 200
    assert Ticket.objects.get().assigned_to is None


def test_a_deleted_ticket_is_read_and_restored_and_nothing_else(browser_as: Browser, admin: Any, customer: Any) -> None:
    ticket = ticket_of(customer)
    comment_on(ticket, customer)
    browser = browser_as(admin)
    shown = form_of(browser.get(of(ticket)))
    browser.post(f"{LIST}{ticket.pk}/delete/", {"post": "yes"})
    lists = [browser.get(path).context["cl"].result_count for path in (LIST, f"{LIST}?deleted=yes")]
    assert lists == [0, 1]
    assert "Printer on fire" in said(browser.get(of(ticket)))

    assert browser.post(of(ticket), shown | {"title": "New"}).status_code == 403
    assert browser.post(f"{LIST}{ticket.pk}/delete/", {"post": "yes"}).status_code == 403
    chosen = {"_selected_action": [ticket.pk], "action": "restore"}
    assert "1 ticket restored" in said(browser.post(f"{LIST}?deleted=yes", chosen, follow=True))
    assert "0 tickets restored" in said(browser.post(LIST, chosen, follow=True))

    ticket.refresh_from_db()
    assert (ticket.deleted_at, ticket.title) == (None, "Printer on fire")
    assert types().count("ticket_restored") == 1


def test_what_is_deleted_by_many_at_once_is_deleted_once(browser_as: Browser, admin: Any, customer: Any) -> None:
    tickets = [ticket_of(customer) for _ in range(3)]
    chosen = {"_selected_action": [ticket.pk for ticket in tickets], "action": "delete_selected"}
    browser = browser_as(admin)
    assert "#" in said(browser.post(LIST, chosen))
    assert Ticket.objects.visible_to(admin).count() == 3

    browser.post(LIST, chosen | {"post": "yes"})

    assert Ticket.objects.visible_to(admin).count() == 0
    assert types().count("ticket_deleted") == 3


def test_what_is_done_to_many_is_never_done_to_all(browser_as: Browser, admin: Any, customer: Any) -> None:
    """The form of Django's admin can ask for every row of the list, of which nobody has seen more than a page."""
    chosen, *_others = [ticket_of(customer) for _ in range(3)]
    form = {"_selected_action": [chosen.pk], "action": "delete_selected", "post": "yes", "select_across": "1"}

    browser_as(admin).post(LIST, form)

    assert set(Ticket.objects.exclude(deleted_at=None)) == {chosen}


def test_the_dates_say_when_a_resolved_ticket_closes_and_what_a_ticket_follows_up(
    browser_as: Browser, admin: Any, customer: Any
) -> None:
    old, browser = ticket_of(customer), browser_as(admin)
    operations.close_ticket(by=admin, ticket_id=old.pk, now=NOON)
    new = ticket_of(customer, follow_up_of=old.pk)
    operations.update_ticket(by=admin, ticket_id=new.pk, changes={"status": "resolved"}, now=NOON)

    page = browser.get(of(new)).content.decode()
    assert f"#{old.pk}" in page
    assert "Nov. 27, 2026, noon" in page
    change(browser, of(new), status="open")
    assert "Nov. 27, 2026, noon" not in browser.get(of(new)).content.decode()


def test_many_are_changed_at_once_and_what_cannot_be_is_said(browser_as: Browser, admin: Any, customer: Any) -> None:
    first, second, closed = (ticket_of(customer) for _ in range(3))
    browser = browser_as(admin)

    def do(action: str, *tickets: Any) -> str:
        chosen = {"_selected_action": [ticket.pk for ticket in tickets], "action": action}
        return said(browser.post(LIST, chosen, follow=True))

    assert "1 ticket changed" in do("close", closed)
    told = do("resolve", first, second, closed)
    assert "2 tickets changed" in told
    assert f"#{closed.pk}: A ticket that is" in told
    assert "3 tickets changed" in do("take", first, second, closed)

    rows = Ticket.objects.order_by("pk").values_list("status", "assigned_to", "version")
    assert list(rows) == [("resolved", admin.pk, 3), ("resolved", admin.pk, 3), ("closed", admin.pk, 3)]
    assert (types().count("status_changed"), types().count("ticket_assigned")) == (3, 3)
