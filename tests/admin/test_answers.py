"""What goes around every page of the admin."""

from typing import Any

from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from helpdesk.backoffice.middleware import POLICY, AdminMiddleware
from tests.admin.addresses import addresses
from tests.admin.forms import Browser


def test_nothing_below_the_admin_is_kept_by_anybody(browser_as: Browser, filled: Any, admin: Any) -> None:
    for browser in (browser_as(None), browser_as(admin)):
        for address in addresses():
            kept = browser.get(address.format(**filled)).headers["Cache-Control"]
            assert {"private", "no-store"} <= {part.strip() for part in kept.split(",")}, address


def test_a_session_that_ends_while_it_is_used_is_answered_by_a_page(browser_as: Browser, admin: Any) -> None:
    """Somebody signs the person out everywhere between the first look at the session and the last."""

    def page(request: Any) -> HttpResponse:
        request.session["said"] = "something"
        Session.objects.all().delete()
        return HttpResponse("Saved.")

    request: HttpRequest = RequestFactory().get("/admin/")
    request.COOKIES["sessionid"] = browser_as(admin).cookies["sessionid"].value

    answer: Any = AdminMiddleware(page)(request)

    assert answer.status_code == 400
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.headers["Content-Security-Policy"] == POLICY
