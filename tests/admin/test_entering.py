"""Who gets into the admin, and what all others see of it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
import time_machine
from django.conf import settings as configured
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from helpdesk.accounts.models import User
from helpdesk.limits.models import Hit
from tests.admin.addresses import OPEN, addresses
from tests.people import PASSWORD, AdminFactory, UserFactory
from tests.servers import Daphne, Valkey

Browser = Callable[..., Client]
Api = Callable[[Any], Any]

LOGIN = "/admin/login/"


def sign_in(browser: Client, username: str, password: str = PASSWORD, **headers: str) -> Any:
    return browser.post(LOGIN, {"username": username, "password": password, "next": "/admin/"}, **headers)


# --- strangers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["anonymous", "customer", "agent"])
def test_nobody_else_gets_anything_from_any_address(
    browser_as: Browser, filled: Any, request: pytest.FixtureRequest, role: str
) -> None:
    """Not even whether there is a row: all are led to the same form."""
    browser = browser_as(None if role == "anonymous" else request.getfixturevalue(role))
    for address in addresses():
        path = address.format(**filled)
        if path in OPEN:
            continue
        for method in ("get", "post", "put", "delete"):
            response = getattr(browser, method)(path)
            led_to = "/admin/" if path == "/admin/logout/" else f"{LOGIN}?next="
            assert response.status_code == 302, (method, path)
            assert response.headers["Location"].startswith(led_to), (method, path)
            assert b"Printer" not in response.content


def test_a_flag_of_django_opens_nothing(browser_as: Browser, filled: Any) -> None:
    for flags in ({"is_staff": True}, {"is_staff": True, "role": "agent"}):
        assert browser_as(UserFactory(**flags)).get("/admin/").status_code == 302
    assert (
        browser_as(User.objects.create_superuser("root", "root@example.com", PASSWORD)).get("/admin/").status_code
        == 200
    )


# What an admin gets besides 200, by how the address ends.
OTHERWISE = {
    "/admin/login/": 302,
    "/admin/logout/": 405,
    "/admin/nothing/here/": 404,
    "/admin/r/1/1/": 404,
    "/admin/autocomplete/": 403,
    # Nobody is asked for one, unless ADMIN_TOTP says so.
    "/admin/second-factor/": 404,
    "/admin/second-factor/set-up/": 404,
    "/admin/second-factor/turn-off/": 404,
    # Of what, nobody has said.
    **{f"/admin/tickets/ticket/{{Ticket}}/{deed}/": 404 for deed in ("split", "unlink", "detach", "download")},
    # Nothing of these is written by hand.
    "/admin/tickets/assignmentdecision/add/": 403,
    "/admin/tickets/assignmentdecision/{AssignmentDecision}/delete/": 403,
    "/admin/tickets/assignmentdecision/{AssignmentDecision}/history/": 404,
    "/admin/tickets/timer/add/": 403,
    "/admin/tickets/timer/{Timer}/delete/": 403,
    "/admin/tickets/timer/{Timer}/history/": 404,
    # An agent takes something, or nothing; it is not deleted, and its history is the person's.
    "/admin/tickets/workload/{Workload}/delete/": 403,
    "/admin/tickets/workload/{Workload}/history/": 404,
    "/admin/events/eventreceipt/add/": 403,
    "/admin/events/eventrecord/add/": 403,
    "/admin/notifications/emaillog/add/": 403,
    # Nothing but tickets is deleted.
    "/admin/events/eventreceipt/{EventReceipt}/delete/": 403,
    "/admin/events/eventrecord/{EventRecord}/delete/": 403,
    "/admin/notifications/emaillog/{EmailLog}/delete/": 403,
    "/admin/accounts/user/{User}/delete/": 403,
    # History is in the event log.
    "/admin/events/eventreceipt/{EventReceipt}/history/": 404,
    "/admin/events/eventrecord/{EventRecord}/history/": 404,
    "/admin/notifications/emaillog/{EmailLog}/history/": 404,
    "/admin/accounts/user/{User}/history/": 302,
    "/admin/tickets/ticket/{Ticket}/history/": 302,
    "/admin/tickets/category/{Category}/history/": 302,
    "/admin/tickets/tag/{Tag}/history/": 302,
    "/admin/tickets/team/{Team}/history/": 302,
}


def test_an_admin_gets_an_answer_at_every_address(browser_as: Browser, filled: Any, admin: Any) -> None:
    browser = browser_as(admin)
    for address in addresses():
        expected = OTHERWISE.get(address, 302 if address.endswith("}/") else 200)
        assert browser.get(address.format(**filled)).status_code == expected, address
    assert set(OTHERWISE) <= set(addresses())


def test_a_role_that_was_taken_away_is_gone_at_the_next_request(browser_as: Browser, filled: Any, admin: Any) -> None:
    browser = browser_as(admin)
    assert browser.get("/admin/tickets/ticket/").status_code == 200
    User.objects.filter(pk=admin.pk).update(role="agent")
    assert browser.get("/admin/tickets/ticket/").status_code == 302
    assert browser.post(f"/admin/tickets/ticket/{filled['Ticket']}/delete/", {"post": "yes"}).status_code == 302
    User.objects.filter(pk=admin.pk).update(role="admin")
    assert browser.get("/admin/tickets/ticket/").status_code == 200


# --- signing in ------------------------------------------------------------------------------------------------------


def test_one_signs_in_by_username_or_address(client: Client, admin: Any) -> None:
    for name in (admin.username, admin.username.upper(), admin.email):
        browser = Client()
        response = sign_in(browser, name)
        assert (response.status_code, response.headers["Location"]) == (302, "/admin/")
        assert browser.get("/admin/").status_code == 200


def test_a_good_password_of_an_agent_looks_like_a_bad_one(client: Client, agent: Any, admin: Any) -> None:
    inactive = AdminFactory(is_active=False)
    tries = [
        (agent.username, PASSWORD),
        (inactive.username, PASSWORD),
        (admin.username, "wrong"),
        ("nobody", "wrong"),
        ("x\0", "x"),
    ]
    pages = []
    for name, password in tries:
        response = sign_in(Client(), name, password)
        assert response.status_code == 200
        pages.append(response.context["form"].non_field_errors())
    assert len(pages[0]) == 1
    assert pages[0] == pages[1] == pages[2] == pages[3]
    assert Session.objects.count() == 0


def test_signing_in_leads_to_no_foreign_host(client: Client, admin: Any) -> None:
    response = client.post(LOGIN, {"username": admin.username, "password": PASSWORD, "next": "https://evil.example/"})
    assert response.headers["Location"] == "/admin/"


def test_a_session_is_another_one_after_signing_in_and_none_after_signing_out(client: Client, admin: Any) -> None:
    sign_in(client, admin.username)
    key = client.cookies["sessionid"].value
    assert Session.objects.filter(session_key=key).exists()

    assert client.post("/admin/logout/").status_code == 200

    thief = Client()
    thief.cookies["sessionid"] = key
    assert thief.get("/admin/").status_code == 302
    assert Session.objects.count() == 0


def test_sessions_that_have_expired_are_thrown_away_when_somebody_signs_in(client: Client, admin: Any) -> None:
    from django.utils import timezone

    Session.objects.create(session_key="old", session_data="x", expire_date=timezone.now())
    sign_in(client, admin.username)
    assert not Session.objects.filter(session_key="old").exists()


def test_the_cookies_are_for_the_admin_alone(admin: Any) -> None:
    browser = Client()
    browser.get(LOGIN)
    sign_in(browser, admin.username)
    assert set(browser.cookies) == {"sessionid", "csrftoken"}
    for cookie in browser.cookies.values():
        assert (cookie["path"], cookie["samesite"], cookie["httponly"]) == ("/admin/", "Lax", True)


def test_ones_own_new_password_ends_the_other_sessions(browser_as: Browser, admin: Any) -> None:
    here, there = browser_as(admin), browser_as(admin)
    new = "a-long-enough-passphrase"
    form = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert here.post("/admin/password_change/", form | {"old_password": "wrong"}).status_code == 200

    assert here.post("/admin/password_change/", form).headers["Location"] == "/admin/password_change/done/"

    assert (here.get("/admin/").status_code, there.get("/admin/").status_code) == (200, 302)
    assert sign_in(Client(), admin.username, new).status_code == 302


# --- guesses ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("redis", ["there", "gone"])
def test_guesses_are_counted_with_those_at_the_api(
    valkey_here: Valkey, api_as: Api, settings: Any, admin: Any, redis: str
) -> None:
    if redis == "gone":
        valkey_here.kill()
    settings.RATE_LIMIT_ENABLED, settings.RATE_LIMIT_ANON = True, "4/min"
    guess = {"username": admin.username, "password": "wrong"}
    for _ in range(2):
        assert api_as(None).post("/api/auth/token/", guess).status_code == 401
        assert sign_in(Client(), admin.username, "wrong").status_code == 200

    refused = sign_in(Client(), admin.username)

    assert refused.status_code == 429
    assert refused.headers["Content-Type"].startswith("text/html")
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert api_as(None).post("/api/auth/token/", guess).status_code == 429
    assert Client().get(LOGIN).status_code == 200
    assert Hit.objects.exists() is (redis == "gone")


# --- forms -----------------------------------------------------------------------------------------------------------


def test_a_form_comes_from_where_people_reach_the_service(browser_as: Browser, admin: Any, settings: Any) -> None:
    """The proxy that ends TLS talks http to us, and the browser names the https address."""
    settings.CSRF_TRUSTED_ORIGINS = ["https://desk.example"]
    browser = Client(enforce_csrf_checks=True)
    browser.get(LOGIN)
    token = browser.cookies["csrftoken"].value
    form = {"username": admin.username, "password": PASSWORD, "csrfmiddlewaretoken": token}
    answers = [
        browser.post(LOGIN, form, HTTP_ORIGIN=origin) for origin in ("https://evil.example", "https://desk.example")
    ]
    assert [answer.status_code for answer in answers] == [403, 302]


# --- pages and answers -----------------------------------------------------------------------------------------------


def test_errors_are_pages_below_the_admin_and_problems_elsewhere(browser_as: Browser, admin: Any) -> None:
    browser = browser_as(admin)
    for path, status in {
        "/admin/nothing/": 404,
        "/admin/logout/": 405,
        "/admin/notifications/emaillog/add/": 403,
        "/admin/tickets/ticket/?title__regex=(": 400,
    }.items():
        page = browser.get(path)
        assert (page.status_code, page.headers["Content-Type"]) == (status, "text/html; charset=utf-8")
        assert f'<p class="status">{status}</p>' in page.content.decode()
    for path in ("/nothing/", "/api/nothing/", "/administration/", "/api/admin/"):
        answer = browser.get(path)
        assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/problem+json")


def test_a_page_arrives_whole(shared_daphne: Daphne, transactional_db: None) -> None:
    """The length is that of the page, not of what it was made from."""
    page = httpx.post(f"{shared_daphne.base_url}{LOGIN}")
    assert page.status_code == 403
    assert page.text.endswith("</html>\n")


def test_what_nobody_foresaw_is_a_page_that_tells_nothing(browser_as: Browser, admin: Any, monkeypatch: Any) -> None:
    from helpdesk.tickets import statistics

    monkeypatch.setattr(statistics, "MOST_COUNTED", "secret")
    page = browser_as(admin, raise_request_exception=False).get("/admin/")
    assert (page.status_code, page.headers["Content-Type"]) == (500, "text/html; charset=utf-8")
    assert page.headers["X-Request-ID"] in page.content.decode()
    assert "secret" not in page.content.decode()


def test_every_page_forbids_foreign_hosts_and_frames(browser_as: Browser, filled: Any, admin: Any) -> None:
    browser = browser_as(admin)
    for address in addresses():
        policy = browser.get(address.format(**filled)).headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'self'; ")
        assert "frame-ancestors 'none'" in policy
        assert "http" not in policy


@pytest.mark.parametrize(("language", "word"), [("en", "Waiting, by status"), ("es", "En espera, por estado")])
def test_the_admin_speaks_the_browsers_language(browser_as: Browser, admin: Any, language: str, word: str) -> None:
    browser = browser_as(admin)
    assert word in browser.get("/admin/", HTTP_ACCEPT_LANGUAGE=language).content.decode()
    lost = browser.get("/admin/nothing/", HTTP_ACCEPT_LANGUAGE=language).content.decode()
    assert f'<html lang="{language}">' in lost
    assert ("A la primera página" in lost) is (language == "es")


def test_django_finds_nothing_wrong(db: None) -> None:
    call_command("check")
    assert configured.SESSION_COOKIE_HTTPONLY


def test_a_browser_that_is_left_alone_is_signed_out(browser_as: Browser, admin: Any, settings: Any) -> None:
    settings.SESSION_IDLE_TIMEOUT = {"admin": 300}
    now = timezone.now()
    browser = browser_as(None)
    sign_in(browser, admin.username)
    for minutes, status in ((4, 200), (8, 200), (14, 302)):
        with time_machine.travel(now + timedelta(minutes=minutes), tick=False):
            assert browser.get("/admin/").status_code == status
    # The cookie opens nothing any more, also as if no time had passed.
    assert browser.get("/admin/").status_code == 302
