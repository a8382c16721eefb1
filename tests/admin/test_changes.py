"""Whatever is done in the admin is done by the operations: each change has its event."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin as site
from django.db import connection
from django.test.utils import CaptureQueriesContext

from helpdesk.accounts.models import User
from helpdesk.backoffice.model_admin import OperationsAdmin
from helpdesk.events.models import EventReceipt, EventRecord
from helpdesk.notifications.models import EmailLog
from helpdesk.tickets.models import AssignmentDecision, Category, Tag, Team, Ticket, Timer, Workload
from tests.admin.forms import GOOD, LIST, NEW_PERSON, Browser, change, new_ticket, types, written


def test_everything_in_the_admin_stands_on_the_base_that_writes_by_operations() -> None:
    registered = site.site._registry
    assert set(registered) == {
        *(User, Ticket, Category, Tag, Team, Workload, AssignmentDecision, Timer),
        *(EmailLog, EventRecord, EventReceipt),
    }
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
    category, tag, team = (f"/admin/tickets/{kind.lower()}/{filled[kind]}" for kind in ("Category", "Tag", "Team"))
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
        (["category_created"], lambda: browser.post("/admin/tickets/category/add/", {"name": "Billing"})),
        (["category_updated"], lambda: change(browser, f"{category}/change/", priority="low")),
        (["tag_created"], lambda: browser.post("/admin/tickets/tag/add/", {"name": "fire", "color": "#1f883d"})),
        (["tag_updated"], lambda: change(browser, f"{tag}/change/", name="Printers")),
        (["team_created"], lambda: browser.post("/admin/tickets/team/add/", {"name": "One", "assignment": "manual"})),
        (["team_updated"], lambda: change(browser, f"{team}/change/", agents=[])),
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
    rows = Ticket.objects.values().get(pk=filled["Ticket"]), User.objects.values().get(pk=filled["User"]), types()
    for path in (f"/admin/tickets/ticket/{filled['Ticket']}/change/", f"/admin/accounts/user/{filled['User']}/change/"):
        assert change(browser, path).status_code == 302
    assert (
        Ticket.objects.values().get(pk=filled["Ticket"]),
        User.objects.values().get(pk=filled["User"]),
        types(),
    ) == rows
