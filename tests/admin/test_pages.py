"""What the pages show and cost."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from helpdesk.accounts.operations.users import update_user
from helpdesk.backoffice import paging
from helpdesk.events.models import EventRecord
from helpdesk.tickets.models import Team, Ticket
from helpdesk.tickets.operations.links import link_tickets
from helpdesk.tickets.operations.tickets import update_ticket
from helpdesk.tickets.operations.workloads import update_workload
from tests.admin.addresses import addresses
from tests.factories import attachment_on, comment_on, ticket_of
from tests.people import NOON, AgentFactory, UserFactory

Browser = Callable[..., Client]
Api = Callable[[Any], Any]


# --- the dashboard ---------------------------------------------------------------------------------------------------


def test_the_dashboard_shows_what_is_there(browser_as: Browser, admin: Any, customer: Any) -> None:
    now = timezone.now()
    ticket_of(customer, priority="urgent", now=now)
    ticket_of(customer, now=now - timedelta(days=40))

    page = browser_as(admin).get("/admin/")

    by_status, by_priority = (
        {row["value"]: row["number"] for row in column["rows"]} for column in page.context["columns"]
    )
    assert by_status == {"open": 2, "in_progress": 0, "pending": 0}
    assert by_priority == {"low": 0, "medium": 1, "high": 0, "urgent": 1}
    assert (page.context["total"], page.context["created"], page.context["resolved"]) == (2, 1, 0)
    chart = json.loads(page.context["chart"])
    assert len(chart["labels"]) == 30
    assert [line["data"][-1] for line in chart["datasets"]] == [1, 0]
    assert "2 tickets wait." in page.content.decode()


def test_each_number_leads_to_its_tickets(browser_as: Browser, admin: Any, customer: Any) -> None:
    ticket_of(customer, priority="urgent")
    ticket_of(customer, priority="low")
    browser = browser_as(admin)
    for query, number in {"status=open": 2, "priority=urgent&waiting=yes": 1, "status=pending": 0}.items():
        assert f"?{query.replace('&', '&amp;')}" in browser.get("/admin/").content.decode()
        assert browser.get(f"/admin/tickets/ticket/?{query}").context["cl"].result_count == number


# --- what they cost --------------------------------------------------------------------------------------------------

# Two are always: whose cookie is this, and who is it?
STATEMENTS = {
    "/admin/": 5,
    "/admin/tickets/ticket/": 5,
    "/admin/tickets/ticket/?status=open": 5,
    # The page of comments, and how many there are; who opened it, and who may be assigned; categories, tags and teams;
    # what was merged here, links, files, the last decision of its queue, and its timer.
    "/admin/tickets/ticket/{Ticket}/change/": 15,
    "/admin/tickets/ticket/{Ticket}/merge/": 3,
    "/admin/tickets/category/": 4,
    "/admin/tickets/category/{Category}/change/": 5,
    "/admin/tickets/tag/": 4,
    "/admin/tickets/tag/{Tag}/change/": 3,
    "/admin/tickets/team/": 4,
    "/admin/tickets/team/{Team}/change/": 5,
    "/admin/tickets/workload/": 4,
    "/admin/tickets/workload/{Workload}/change/": 3,
    "/admin/tickets/assignmentdecision/": 4,
    "/admin/tickets/assignmentdecision/{AssignmentDecision}/change/": 3,
    "/admin/tickets/timer/": 4,
    "/admin/tickets/timer/{Timer}/change/": 3,
    "/admin/accounts/user/": 4,
    "/admin/accounts/user/{User}/change/": 3,
    "/admin/events/eventrecord/": 4,
    "/admin/events/eventrecord/{EventRecord}/change/": 3,
    "/admin/events/eventreceipt/": 4,
    "/admin/notifications/emaillog/": 4,
}


@pytest.mark.parametrize("path", STATEMENTS)
def test_a_page_takes_so_many_statements_at_one_row_and_at_twenty(
    browser_as: Browser, filled: Any, committing: Any, admin: Any, path: str
) -> None:
    browser = browser_as(admin)
    address = path.format(**filled)
    # Django looks up once a process what kind of rows there are.
    browser.get(address)
    taken = []
    for more in (0, 20):
        with committing():
            for n in range(more):
                writer, here = AgentFactory(), Ticket.objects.get(pk=filled["Ticket"])
                ticket = ticket_of(writer, assigned_to=writer.pk)
                comment_on(ticket, writer)
                comment_on(here, writer, now=NOON + timedelta(minutes=n))
                attachment_on(here, writer)
                link_tickets(by=writer, ticket_id=here.pk, kind="related", other_id=ticket.pk, now=NOON)
                update_ticket(by=writer, ticket_id=ticket.pk, changes={"status": "resolved"}, now=NOON)
                update_workload(by=admin, user_id=writer.pk, changes={"capacity": n}, now=NOON)
                ticket_of(writer, team=Team.objects.get(name="Second line").pk)
        with CaptureQueriesContext(connection) as statements:
            assert browser.get(address).status_code == 200
        taken.append(len(statements))
    assert taken == [STATEMENTS[path]] * 2


def test_a_list_counts_no_further_than_people_turn_pages(
    browser_as: Browser, admin: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "MOST_ROWS", 60)
    UserFactory.create_batch(70)
    browser = browser_as(admin)
    assert browser.get("/admin/accounts/user/").context["cl"].result_count == 60
    assert len(browser.get("/admin/accounts/user/?p=2").context["cl"].result_list) == 10
    assert browser.get("/admin/accounts/user/?p=3").status_code in {200, 302}


def test_the_api_asks_nothing_for_the_admins_sake(api_as: Api, customer: Any) -> None:
    client = api_as(customer)
    client.cookies["sessionid"] = "x" * 32
    with CaptureQueriesContext(connection) as statements:
        assert client.get("/api/users/me/").status_code == 200
    assert len(statements) == 1


# --- searching -------------------------------------------------------------------------------------------------------


def test_tickets_are_searched_as_in_the_api(browser_as: Browser, admin: Any, customer: Any) -> None:
    wanted = ticket_of(customer, title="La impresión falló")
    ticket_of(customer)
    browser = browser_as(admin)
    for words in ("impresion", "FALLO impres", f"#{wanted.pk}"):
        found = browser.get("/admin/tickets/ticket/", {"q": words}).context["cl"].result_list
        assert [ticket.pk for ticket in found] == [wanted.pk], words
    page = browser.get("/admin/tickets/ticket/", {"q": "x " * 11})
    assert page.context["cl"].result_count == 0
    assert "Search for up to 10 words" in page.content.decode()


def test_tickets_are_narrowed_by_who_has_them(browser_as: Browser, admin: Any, agent: Any, customer: Any) -> None:
    mine, _ = ticket_of(customer, assigned_to=agent.pk), ticket_of(customer)
    browser = browser_as(admin)
    for query, number in {f"assigned_to={agent.pk}": 1, "assigned_to=nobody": 1, "assigned_to=999": 2, "": 2}.items():
        assert browser.get(f"/admin/tickets/ticket/?{query}").context["cl"].result_count == number
    assert mine.assigned_to == agent


def test_events_are_found_by_type_and_by_what_they_are_about(browser_as: Browser, filled: Any, admin: Any) -> None:
    browser = browser_as(admin)
    about = f"ticket:{filled['Ticket']}"
    for words, types in {
        "note_added": {"note_added"},
        about: {"ticket_created", "ticket_assigned", "comment_added", "note_added"},
        "ticket:x": set(),
        "ticket:" + "9" * 30: set(),
        "ticket:\u0661": set(),
        "melted": set(),
    }.items():
        found = browser.get("/admin/events/eventrecord/", {"q": words}).context["cl"].result_list
        assert {record.type for record in found} == types, words
    assert "admin:x" not in about
    history = browser.get(f"/admin/tickets/ticket/{filled['Ticket']}/history/", follow=True)
    assert history.context["cl"].result_count == 4


def test_an_event_says_what_changed_and_leads_to_its_row(browser_as: Browser, admin: Any, customer: Any) -> None:
    ticket = ticket_of(customer)
    update_ticket(by=admin, ticket_id=ticket.pk, changes={"title": "<b>Smoke</b>", "assigned_to": admin.pk}, now=NOON)
    update_user(by=admin, user_id=customer.pk, changes={"name": "Ana"}, now=NOON)
    browser = browser_as(admin)
    pages = {
        record.type: browser.get(f"/admin/events/eventrecord/{record.pk}/change/").content.decode()
        for record in EventRecord.objects.all()
    }
    assert "<b>title</b>: Printer on fire → &lt;b&gt;Smoke&lt;/b&gt;" in pages["ticket_updated"]
    assert f"<b>assigned_to</b>: - → {admin.username}" in pages["ticket_assigned"]
    assert f'href="/admin/tickets/ticket/{ticket.pk}/change/"' in pages["ticket_updated"]
    assert f'href="/admin/accounts/user/{customer.pk}/change/"' in pages["user_updated"]


def test_mails_are_found_by_person_ticket_and_state(
    browser_as: Browser, filled: Any, admin: Any, customer: Any
) -> None:
    browser = browser_as(admin)

    def found(**query: str) -> set[tuple[str, str]]:
        mails = browser.get("/admin/notifications/emaillog/", query).context["cl"].result_list
        return {(mail.recipient.username, mail.template) for mail in mails}

    everything = found()
    of_customer = {mail for mail in everything if mail[0] == customer.username}
    assert of_customer
    assert of_customer != everything
    assert found(q=customer.username) == found(q=customer.email) == of_customer
    of_ticket = found(q=f"#{filled['Ticket']}")
    assert of_customer <= of_ticket < everything
    assert found(q="#999") == found(q="nobody at all") == found(state="sent") == set()
    receipts = found(template="ticket_receipt")
    assert (customer.username, "ticket_receipt") in receipts
    assert receipts < everything


# --- files -----------------------------------------------------------------------------------------------------------


def test_every_file_of_every_page_is_collected_for_production(
    browser_as: Browser, filled: Any, admin: Any, settings: Any, tmp_path: Any
) -> None:
    """Under names with hashes; a name that was not collected would be an error."""
    settings.STATIC_ROOT = str(tmp_path)
    settings.WHITENOISE_USE_FINDERS = False
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
    }
    call_command("collectstatic", interactive=False, verbosity=0)
    assert staticfiles_storage.url("unfold/js/chart/chart.js") != "/static/unfold/js/chart/chart.js"
    browser, names = browser_as(admin), set()
    for address in [*addresses(), "/admin/login/?x"]:
        page = browser.get(address.format(**filled)).content.decode()
        names |= set(re.findall(r'(?:src|href)="/static/([^"?#]+)"', page))
    assert len(names) > 20
    assert [name for name in names if not (tmp_path / name).exists()] == []
