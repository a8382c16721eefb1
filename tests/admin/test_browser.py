"""The admin as a person uses it: a real browser, a real server, and what else is to happen because of it."""

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.db.models import Value
from django.db.models.functions import Concat
from django.utils import timezone

from helpdesk.events.models import EventReceipt
from helpdesk.notifications.models import EmailLog
from helpdesk.tickets.enums import Priority
from helpdesk.tickets.models import AssignmentDecision, Comment, Ticket
from helpdesk.tickets.operations.tickets import update_ticket
from helpdesk.tickets.operations.workloads import update_workload
from tests.admin.addresses import addresses, rows
from tests.admin.chromium import Chromium
from tests.factories import category_of, comment_on, tag_of, team_of, ticket_of
from tests.people import PASSWORD, AdminFactory, AgentFactory, UserFactory, access_token
from tests.servers import Desk, eventually

pytestmark = [pytest.mark.browser, pytest.mark.slow]

Start = Callable[..., Chromium]


def sign_in(browser: Chromium, admin: Any) -> None:
    browser.open("/admin/")
    browser.type("[name=username]", admin.username)
    browser.type("[name=password]", PASSWORD)
    browser.submit("#login-form button[type=submit]")
    assert browser.path == "/admin/"


def is_clean(browser: Chromium) -> None:
    """Nothing was asked of a foreign host, and nothing was complained about."""
    asked = browser.asked()
    assert asked
    assert [url for url in asked if not url.startswith(browser.base_url)] == []
    assert browser.complaints() == []


@pytest.fixture
def anna(transactional_db: None) -> Any:
    return AdminFactory(username="anna", name="Anna")


def test_a_day_in_the_admin(desk: Desk, start_chromium: Start, anna: Any) -> None:
    customer, agent = UserFactory(username="carla"), AgentFactory(username="ben")
    ticket = ticket_of(customer, assigned_to=agent.pk, now=timezone.now())
    ticket_of(customer, priority="urgent", now=timezone.now() - timedelta(days=3))
    stream = httpx.Client(
        base_url=desk.base_url, headers={"Authorization": f"Bearer {access_token(customer)}"}, timeout=10
    )
    start = stream.get("/api/events/").json()["next"]
    browser = start_chromium(desk.base_url)
    sign_in(browser, anna)

    # The first page counts, and draws.
    shown = {cell.get_attribute("data-value"): cell.text for cell in browser.all("td[data-value]")}
    assert shown == {
        "open": "2",
        "in_progress": "0",
        "pending": "0",
        "low": "0",
        "medium": "1",
        "high": "0",
        "urgent": "1",
    }
    assert browser.find("#daily").get_attribute("data-created") == "2"
    assert browser.until(lambda: browser.run("return Object.keys(Chart.instances).length")) == 3
    assert browser.run("return Object.values(Chart.instances).at(-1).data.datasets[0].data.at(-1)") == 1

    # A ticket is found and moved on, with a note.
    browser.open("/admin/tickets/ticket/?q=printer")
    browser.find(f"a[href*='/ticket/{ticket.pk}/change/']")
    browser.open(f"/admin/tickets/ticket/{ticket.pk}/change/")
    browser.choose("[name=status]", "in_progress")
    browser.click(".add-row a, a.add-row, .add-row")
    browser.until(lambda: browser.all("[name='comments-0-content']"))
    browser.type("[name='comments-0-content']", "Carla is a friend.")
    browser.click("[name='comments-0-is_internal']")
    browser.submit("button[name=_save]")
    assert browser.path == "/admin/tickets/ticket/"
    assert Ticket.objects.get(pk=ticket.pk).status == "in_progress"
    note = Comment.objects.get()
    assert (note.content, note.is_internal, note.author) == ("Carla is a friend.", True, anna)

    # Whom it concerns hears of it: the customer of the move, not of the note.
    told = eventually(lambda: stream.get("/api/events/", params={"after": start}).json()["results"])
    assert [(event["type"], event["actor"]) for event in told] == [("status_changed", "anna")]
    sent = eventually(
        lambda: EmailLog.objects.filter(recipient=customer, template="status_changed", state="sent").first()
    )
    count = len(desk.smtp.mails)

    # "I never got it": the mail is sent once more, and arrives as another.
    eventually(lambda: not EmailLog.objects.exclude(state="sent").exists())
    count = len(desk.smtp.mails)
    browser.open("/admin/notifications/emaillog/?q=carla&template=status_changed")
    browser.click("input.action-select")
    browser.choose("select[name=action]", "resend")
    browser.submit("button[name=index]")
    assert "1 e-mail will be sent again" in browser.text
    eventually(lambda: len(desk.smtp.mails) > count)
    again = desk.smtp.mails[-1]
    assert again.to == ["carla@example.com"]
    assert again.message_id != sent.message_id
    assert eventually(lambda: EmailLog.objects.filter(pk=sent.pk, state="sent", attempts=1).exists())

    # And home.
    browser.click("form[action='/admin/logout/'] button")
    browser.until(lambda: browser.path == "/admin/logout/")
    browser.open("/admin/tickets/ticket/")
    assert browser.path == "/admin/login/"
    is_clean(browser)
    stream.close()


def test_dark_mode_is_kept(daphne: Any, start_chromium: Start, anna: Any) -> None:
    browser = start_chromium(daphne.base_url)
    sign_in(browser, anna)
    background = "return getComputedStyle(document.getElementById('main')).backgroundColor"
    light = browser.run(background)

    browser.run("[...document.querySelectorAll('a')].find(a => a.textContent.includes('dark_mode')).click()")

    browser.until(lambda: "dark" in (browser.find("html").get_attribute("class") or ""))
    dark = browser.run(background)
    assert light != dark
    browser.open("/admin/tickets/ticket/")
    assert browser.run(background) == dark
    is_clean(browser)


def test_every_page_stays_at_home_and_runs_without_a_complaint(
    daphne: Any, start_chromium: Start, anna: Any, valkey_here: Any
) -> None:
    filed = {"category": category_of(team=team_of(anna)).pk, "tags": [tag_of().name]}
    ticket = ticket_of(UserFactory(), assigned_to=anna.pk, **filed)
    comment_on(ticket, anna)
    update_ticket(by=anna, ticket_id=ticket.pk, changes={"status": "resolved"}, now=timezone.now())
    update_workload(by=anna, user_id=anna.pk, changes={"capacity": 5}, now=timezone.now())
    decided = {"strategy": "round_robin", "candidates": [], "reason": "no_members", "decided_at": timezone.now()}
    AssignmentDecision.objects.create(ticket=ticket, **decided)
    EventReceipt.objects.filter(pk=EventReceipt.objects.latest("pk").pk).update(state="parked")
    found = rows()
    browser = start_chromium(daphne.base_url, language="es")
    sign_in(browser, anna)
    for address in addresses():
        if not any(part in address for part in ("/add/", "logout", "nothing", "/r/", "autocomplete", "jsi18n")):
            browser.open(address.format(**found))
    assert browser.find("html").get_attribute("lang") == "es"
    # What is forbidden is said in the console, too; that is no complaint of a page.
    refused = [line for line in browser.complaints() if "the server responded with a status of 40" not in line]
    assert refused == []
    assert [url for url in browser.asked() if not url.startswith(daphne.base_url)] == []


def test_the_policy_would_stop_a_foreign_host(daphne: Any, start_chromium: Start, anna: Any) -> None:
    browser = start_chromium(daphne.base_url)
    sign_in(browser, anna)
    assert browser.complaints() == []
    outcome = browser.driver.execute_async_script(
        "const done = arguments[0];"
        "document.addEventListener('securitypolicyviolation', e => done(e.effectiveDirective));"
        "const image = new Image(); image.src = 'http://127.0.0.2:9/x.png'; setTimeout(() => done('loaded'), 5000)"
    )
    assert outcome == "img-src"


# The pictures of docs/how-to/admin.md: `HELPDESK_PICTURES=docs/images/admin pytest tests/admin -k picture` takes them.
PICTURES = {
    "dashboard": ("/admin/", "light"),
    "dashboard-dark": ("/admin/", "dark"),
    "tickets": ("/admin/tickets/ticket/", "light"),
    "ticket": ("/admin/tickets/ticket/{ticket}/change/", "light"),
    "comments": ("/admin/tickets/ticket/{ticket}/change/#comments-group", "light"),
    "person": ("/admin/accounts/user/{person}/change/", "light"),
    "emails": ("/admin/notifications/emaillog/", "light"),
    "event": ("/admin/events/eventrecord/?q=ticket:{ticket}", "light"),
}


def test_the_pictures_of_the_documentation_can_be_taken(
    daphne: Any, start_chromium: Start, anna: Any, valkey_here: Any, tmp_path: Path
) -> None:
    place = Path(os.environ.get("HELPDESK_PICTURES") or tmp_path)
    ids = a_months_work(anna)
    browser = start_chromium(daphne.base_url)
    sign_in(browser, anna)
    for name, (path, theme) in PICTURES.items():
        browser.run(f"localStorage.setItem('adminTheme', JSON.stringify('{theme}'))")
        browser.open(path.format(**ids))
        browser.until(lambda: browser.run("return document.fonts.status") == "loaded")
        browser.until(
            lambda: browser.run("return [...document.querySelectorAll('canvas')].every(c => Chart.getChart(c))")
        )
        browser.run("document.querySelector(location.hash || 'body').scrollIntoView()")
        assert browser.driver.save_screenshot(str(place / f"{name}.png"))
    is_clean(browser)


def a_months_work(anna: Any) -> dict[str, int]:
    """The same each time, as seen from today."""
    now = timezone.now().replace(hour=9, minute=0, second=0, microsecond=0)
    customers = [UserFactory(username=name, name=name.title()) for name in ("carla", "dora", "emil", "frida")]
    agents = [AgentFactory(username=name, name=name.title()) for name in ("ben", "greta")]
    titles = [
        "Printer on fire",
        "The VPN drops every hour",
        "Invoice of May is missing",
        "New laptop for Emil",
        "Slow search",
    ]
    for n in range(120):
        opened = now - timedelta(hours=6 * (120 - n) + n % 5)
        fields = {"title": titles[n % 5], "priority": list(Priority)[n * n % 7 % 4], "now": opened}
        ticket = ticket_of(customers[n % 4], assigned_to=agents[n % 2].pk if n % 3 else None, **fields)
        comment_on(ticket, customers[n % 4], content="It began this morning.", now=opened)
        if n < 85 or n % 3:
            moves = ["in_progress", "resolved"] if n < 85 else ["in_progress"] if n % 2 else ["pending"]
            for step, move in enumerate(moves, start=1):
                later = opened + timedelta(hours=5 * step + n % 7)
                update_ticket(by=agents[n % 2], ticket_id=ticket.pk, changes={"status": move}, now=later)
    comment_on(ticket, agents[0], content="The fan is dusty: ordered a new one.", is_internal=True, now=now)
    EmailLog.objects.update(state="sent", attempts=1, sent_at=now, subject=Concat(Value("[Ticket] "), "template"))
    failed = EmailLog.objects.order_by("-id")[1:3].values("pk")
    EmailLog.objects.filter(pk__in=list(failed.values_list("pk", flat=True))).update(
        state="failed", error="550 No such user", sent_at=None
    )
    return {"ticket": ticket.pk, "person": agents[0].pk}
