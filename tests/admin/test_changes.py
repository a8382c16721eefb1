"""Whatever is done in the admin is done by the operations: each change has its event, and what they refuse is said."""

import html
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin as site
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from helpdesk.accounts.models import User
from helpdesk.backoffice.model_admin import OperationsAdmin
from helpdesk.events.models import EventReceipt, EventRecord
from helpdesk.notifications.models import EmailLog
from helpdesk.tickets.models import Comment, Ticket
from tests.factories import comment_on, ticket_of
from tests.people import NOON, AdminFactory, UserFactory

Browser = Callable[..., Client]

GOOD = "a-long-enough-passphrase"
# What may be written without an event: sign-ins, and the books of deliveries, which are about events themselves.
BOOKS = {"django_session", "accounts_session", "events_eventreceipt", "notifications_delivery", "limits_hit"}


def form_of(page: Any) -> dict[str, Any]:
    """What a browser would send back of a change form: every field as it was shown, hidden ones too."""
    text = page.content.decode()
    form = text[text.index("<form", text.index('id="content-main"')) :]
    form = form[: form.index("</form>")]
    values: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        given = {name: html.unescape(value) for name, value in re.findall(r'([\w-]+)="([^"]*)"', tag)}
        if given.get("type") in {"checkbox", "radio"} and not re.search(r"\schecked", tag):
            continue
        if "name" in given:
            values[given["name"]] = given.get("value", "on" if given.get("type") == "checkbox" else "")
    for name, text_ in re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>(.*?)</textarea>', form, re.DOTALL):
        values[name] = html.unescape(text_).removeprefix("\r\n").removeprefix("\n").replace("\n", "\r\n")
    for name, options in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', options)
        values[name] = html.unescape(chosen[1]) if chosen else ""
    return {name: value for name, value in values.items() if "__prefix__" not in name}


def change(browser: Client, path: str, **fields: Any) -> Any:
    """Open the page, type, save."""
    return browser.post(path, form_of(browser.get(path)) | fields)


def of(ticket: Any) -> str:
    return f"/admin/tickets/ticket/{ticket.pk}/change/"


def types() -> list[str]:
    return list(EventRecord.objects.order_by("id").values_list("type", flat=True))


def said(page: Any) -> str:
    assert page.status_code == 200
    return html.unescape(page.content.decode())


LIST = "/admin/tickets/ticket/"
NEW_PERSON = {
    "username": "ana",
    "new_password": GOOD,
    "name": "Ana",
    "email": "ana@example.com",
    "role": "agent",
    "language": "es",
}


def new_ticket(**more: Any) -> dict[str, Any]:
    return {
        "title": "Printer",
        "description": "It burns.",
        "priority": "high",
        "assigned_to": "",
        "created_by": "",
        **more,
    }


# --- nothing is written beside the operations ------------------------------------------------------------------------


def written(statements: CaptureQueriesContext) -> set[str]:
    found = {re.match(r'(?:INSERT INTO|UPDATE|DELETE FROM) "(\w+)"', query["sql"]) for query in statements}
    return {match[1] for match in found if match} - BOOKS


def test_everything_in_the_admin_stands_on_the_base_that_writes_by_operations() -> None:
    registered = site.site._registry
    assert set(registered) == {User, Ticket, EmailLog, EventRecord, EventReceipt}
    for shown in registered.values():
        assert isinstance(shown, OperationsAdmin)
        for name in ("save_model", "delete_model", "delete_queryset"):
            assert getattr(type(shown), name) is getattr(OperationsAdmin, name)
        assert not shown.list_editable


def test_no_change_of_any_page_is_written_without_its_event(browser_as: Browser, filled: Any, admin: Any) -> None:
    browser = browser_as(admin)
    own = "/admin/password_change/"
    passwords = {"old_password": GOOD, "new_password1": GOOD, "new_password2": GOOD}
    ticket, person = f"/admin/tickets/ticket/{filled['Ticket']}", f"/admin/accounts/user/{filled['User']}"
    inline = {"comments-TOTAL_FORMS": "3", "comments-2-content": "New", "comments-2-is_internal": "on"}
    chosen = {"_selected_action": [filled["Ticket"]]}
    deeds: list[tuple[list[str], Callable[[], Any]]] = [
        (["user_created"], lambda: browser.post("/admin/accounts/user/add/", NEW_PERSON)),
        (["user_updated"], lambda: change(browser, f"{person}/change/", name="New")),
        (["user_updated"], lambda: change(browser, f"{person}/change/", new_password=GOOD)),
        (
            ["ticket_created", "ticket_assigned"],
            lambda: browser.post("/admin/tickets/ticket/add/", new_ticket(assigned_to=admin.pk)),
        ),
        (
            ["status_changed", "priority_changed", "ticket_updated"],
            lambda: change(browser, f"{ticket}/change/", status="resolved", priority="urgent", title="Smoke"),
        ),
        (["note_added"], lambda: change(browser, f"{ticket}/change/", **inline)),
        (["comment_deleted"], lambda: change(browser, f"{ticket}/change/", **{"comments-2-DELETE": "on"})),
        (["ticket_deleted"], lambda: browser.post(f"{ticket}/delete/", {"post": "yes"})),
        (["ticket_restored"], lambda: browser.post(f"{LIST}?deleted=yes", chosen | {"action": "restore"})),
        (["ticket_deleted"], lambda: browser.post(LIST, chosen | {"action": "delete_selected", "post": "yes"})),
        (["user_updated"], lambda: browser.post(own, passwords)),
    ]
    for expected, deed in deeds:
        before = EventRecord.objects.count()
        with CaptureQueriesContext(connection) as statements:
            response = deed()
        assert response.status_code == 302, (expected, response.context["errors"] if response.context else response)
        assert types()[before:] == expected
        assert "events_eventrecord" in written(statements)


def test_an_unchanged_form_does_nothing(browser_as: Browser, filled: Any, admin: Any) -> None:
    browser = browser_as(admin)
    rows = Ticket.objects.values().get(), User.objects.values().get(pk=filled["User"]), types()
    for path in (f"/admin/tickets/ticket/{filled['Ticket']}/change/", f"/admin/accounts/user/{filled['User']}/change/"):
        assert change(browser, path).status_code == 302
    assert (Ticket.objects.values().get(), User.objects.values().get(pk=filled["User"]), types()) == rows


# --- tickets ---------------------------------------------------------------------------------------------------------


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


# --- comments --------------------------------------------------------------------------------------------------------


def test_ones_own_comment_is_edited_and_anothers_is_not(browser_as: Browser, admin: Any, customer: Any) -> None:
    ticket = ticket_of(customer)
    theirs = comment_on(ticket, customer, content="Theirs")
    own = comment_on(ticket, admin, content="Own", is_internal=True)
    browser = browser_as(admin)
    shown = form_of(browser.get(of(ticket)))
    rows = {shown[f"comments-{n}-id"]: n for n in range(2)}

    typed = {f"comments-{rows[str(row.pk)]}-content": "New" for row in (theirs, own)}
    flags = {f"comments-{rows[str(theirs.pk)]}-is_internal": "on"}
    assert browser.post(of(ticket), shown | typed | flags).status_code == 302

    assert dict(Comment.objects.values_list("content", "is_internal")) == {"Theirs": False, "New": True}
    assert types().count("note_updated") == 1
    assert "comment_updated" not in types()


def test_a_comment_and_a_note_are_added_in_the_same_form(browser_as: Browser, admin: Any, customer: Any) -> None:
    ticket = ticket_of(customer)
    typed = {
        "comments-TOTAL_FORMS": "3",
        "comments-0-content": "For all.\r\nReally.",
        "comments-1-content": "For us.",
        "comments-1-is_internal": "on",
    }
    assert change(browser_as(admin), of(ticket), **typed).status_code == 302

    found = set(Comment.objects.values_list("content", "is_internal", "author"))
    assert found == {("For all.\nReally.", False, admin.pk), ("For us.", True, admin.pk)}
    ticket.refresh_from_db()
    assert (ticket.comments_count, ticket.public_comments_count) == (2, 1)


def test_an_empty_comment_is_refused_with_the_rest(browser_as: Browser, admin: Any, customer: Any) -> None:
    ticket = ticket_of(customer)
    typed = {"comments-TOTAL_FORMS": "1", "comments-0-content": "", "comments-0-is_internal": "on", "title": "New"}
    page = change(browser_as(admin), of(ticket), **typed)
    assert page.status_code == 200
    assert (Comment.objects.count(), Ticket.objects.get().title) == (0, ticket.title)


def test_a_long_conversation_comes_in_pages_newest_first(browser_as: Browser, admin: Any, customer: Any) -> None:
    ticket = ticket_of(customer)
    for n in range(35):
        comment_on(ticket, customer, content=f"No. {n}.")
    browser = browser_as(admin)
    first, second = (said(browser.get(f"{of(ticket)}?comments-page={n}")) for n in (1, 2))
    assert ("No. 34." in first, "No. 5." in first, "No. 4." in first) == (True, True, False)
    assert ("No. 4." in second, "No. 0." in second, "No. 34." in second) == (True, True, False)
    assert change(browser, f"{of(ticket)}?comments-page=2", title="New").status_code == 302
    assert Ticket.objects.get().title == "New"
    assert "comment_updated" not in types()


# --- people ----------------------------------------------------------------------------------------------------------


def person(user: Any) -> str:
    return f"/admin/accounts/user/{user.pk}/change/"


def test_a_person_is_added_and_can_sign_in(browser_as: Browser, admin: Any) -> None:
    assert browser_as(admin).post("/admin/accounts/user/add/", NEW_PERSON).status_code == 302
    user = User.objects.get(username="ana")
    assert (user.role, user.language, user.email, user.check_password(GOOD)) == ("agent", "es", "ana@example.com", True)
    assert (user.is_staff, user.is_superuser) == (False, False)


def test_two_who_change_different_fields_of_a_person_both_succeed(browser_as: Browser, admin: Any, agent: Any) -> None:
    browser = browser_as(admin)
    shown = form_of(browser.get(person(agent)))
    assert change(browser, person(agent), role="customer", is_active="").status_code == 302
    assert browser.post(person(agent), shown | {"timezone": "America/Lima"}).status_code == 302
    agent.refresh_from_db()
    assert (agent.role, agent.timezone) == ("customer", "America/Lima")


@pytest.mark.parametrize(
    ("typed", "complaint"),
    [
        ({"role": "agent"}, "take away your own role"),
        ({"is_active": None}, "take away your own role"),
        ({"email": "TAKEN@example.com"}, "Somebody else has this e-mail address."),
        ({"email": "nonsense"}, "valid email"),
        ({"new_password": "short"}, "too short"),
        ({"phone": "call me"}, "Digits, spaces"),
        ({"timezone": "Mars/Olympus"}, "Select a valid choice"),
        ({"role": "emperor"}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_is_said_on_the_page(
    browser_as: Browser, admin: Any, typed: dict[str, Any], complaint: str
) -> None:
    UserFactory(username="taken", email="taken@example.com")
    browser = browser_as(admin)
    before = User.objects.values().get(pk=admin.pk)
    form = {name: value for name, value in (form_of(browser.get(person(admin))) | typed).items() if value is not None}

    page = said(browser.post(person(admin), form | {"name": "Typed"}))

    assert complaint in page
    assert 'value="Typed"' in page
    assert User.objects.values().get(pk=admin.pk) == before
    assert types() == []


@pytest.mark.parametrize("name", ["taken", "TAKEN", "with space", "a@b", ""])
def test_a_name_that_cannot_be_is_said_on_the_page(browser_as: Browser, admin: Any, name: str) -> None:
    UserFactory(username="taken")
    page = browser_as(admin).post("/admin/accounts/user/add/", NEW_PERSON | {"username": name})
    assert page.status_code == 200
    assert page.context["adminform"].form.errors["username"]
    assert GOOD not in said(page)
    assert types() == []


def test_no_page_shows_a_password_or_its_hash(browser_as: Browser, filled: Any, admin: Any) -> None:
    from tests.admin.addresses import addresses

    browser = browser_as(admin)
    change(browser, person(admin), new_password=GOOD)
    secrets = [GOOD, User.objects.get(pk=admin.pk).password]
    for address in addresses():
        page = browser.get(address.format(**filled | {"User": admin.pk})).content.decode()
        assert not [secret for secret in secrets if secret in page], address


def test_ones_own_new_password_keeps_this_browser_and_ends_the_others(browser_as: Browser, admin: Any) -> None:
    here, there = browser_as(admin), browser_as(admin)
    assert change(here, person(admin), new_password=GOOD).status_code == 302
    assert (here.get("/admin/").status_code, there.get("/admin/").status_code) == (200, 302)


def test_nobody_is_deleted(browser_as: Browser, admin: Any) -> None:
    user = UserFactory()
    browser = browser_as(admin)
    assert browser.post(f"/admin/accounts/user/{user.pk}/delete/", {"post": "yes"}).status_code == 403
    chosen = {"_selected_action": [user.pk], "action": "delete_selected", "post": "yes"}
    browser.post("/admin/accounts/user/", chosen)
    assert User.objects.filter(pk=user.pk).exists()


# --- deliveries ------------------------------------------------------------------------------------------------------


def test_parked_parts_are_listed_and_tried_again(browser_as: Browser, filled: Any, admin: Any) -> None:
    browser = browser_as(admin)
    path = "/admin/events/eventreceipt/"
    done = EventReceipt.objects.filter(state="done").latest("pk")
    page = browser.get(path)
    assert [row.pk for row in page.context["cl"].result_list] == [filled["EventReceipt"]]

    chosen = {"_selected_action": [filled["EventReceipt"], done.pk], "action": "retry"}
    assert "1 will be delivered again" in said(browser.post(path, chosen, follow=True))

    assert EventReceipt.objects.values_list("state", "attempts").get(pk=filled["EventReceipt"]) == ("pending", 0)
    assert EventReceipt.objects.get(pk=done.pk).state == "done"
    assert browser.get(path).context["cl"].result_count == 0
    EventReceipt.objects.update(error="")


@pytest.mark.parametrize(
    "path",
    [
        "/admin/events/eventrecord/{EventRecord}",
        "/admin/events/eventreceipt/{EventReceipt}",
        "/admin/notifications/emaillog/{EmailLog}",
    ],
)
def test_the_logs_are_not_written_by_hand(browser_as: Browser, filled: Any, admin: Any, path: str) -> None:
    browser = browser_as(admin)
    with CaptureQueriesContext(connection) as statements:
        for way in ("change", "delete"):
            assert browser.post(f"{path.format(**filled)}/{way}/", {"post": "yes", "error": "x"}).status_code == 403
        assert browser.post(f"{path.rpartition('/')[0]}/add/", {"error": "x"}).status_code == 403
    assert written(statements) == set()
