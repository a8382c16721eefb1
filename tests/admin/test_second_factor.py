"""A code besides the password: what it takes to get in, and that nothing opens before."""

import html
import re
from datetime import timedelta
from typing import Any

import pyotp
import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from helpdesk.accounts.models import TotpDevice
from helpdesk.accounts.operations import second_factor
from helpdesk.accounts.sealing import unseal
from helpdesk.events.models import EventRecord
from helpdesk.limits.models import Hit
from tests.admin.addresses import OPEN, addresses
from tests.admin.chromium import Chromium  # noqa: F401 - what `start_chromium` starts
from tests.admin.forms import Browser, change, form_of, person, said
from tests.people import NOON, PASSWORD, AdminFactory
from tests.servers import Valkey

LOGIN, QUESTION = "/admin/login/", "/admin/second-factor/"
SET_UP, TURN_OFF = f"{QUESTION}set-up/", f"{QUESTION}turn-off/"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
OF_IT = {QUESTION, SET_UP, TURN_OFF}


@pytest.fixture(autouse=True)
def required(settings: Any) -> None:
    settings.ADMIN_TOTP = "required"


@pytest.fixture
def clock() -> Any:
    """It stands still, and is put forward by hand: a code is good for a moment only."""
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def code(*, steps: int = 0, secret: str = SECRET) -> str:
    return pyotp.TOTP(secret).at(timezone.now() + timedelta(seconds=30 * steps))


def turned_on(user: Any) -> list[str]:
    """An hour ago."""
    before = timezone.now() - timedelta(hours=1)
    return second_factor.enable(by=user, secret=SECRET, code=pyotp.TOTP(SECRET).at(before), now=before)[1]


def send(browser: Client, path: str, **fields: str) -> Any:
    """As a browser does: the page first, for its token."""
    text = browser.get(path).content.decode()
    form = text[text.index("<form") :]
    hidden = {
        name: html.unescape(value) for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form)
    }
    return browser.post(path, hidden | fields)


def with_password(user: Any, following: str = "/admin/") -> Client:
    """Signed in by the form, with the tokens of forms enforced: half the way."""
    browser = Client(enforce_csrf_checks=True)
    answer = send(browser, f"{LOGIN}?next={following}", username=user.username, password=PASSWORD, next=following)
    assert (answer.status_code, answer.headers["Location"]) == (302, following)
    return browser


def signed_in(user: Any) -> Client:
    browser = with_password(user)
    assert send(browser, QUESTION, code=code()).status_code == 302
    return browser


# --- half the way --------------------------------------------------------------------------------


@pytest.mark.parametrize("has_device", [True, False], ids=["who has a phone", "who has none yet"])
def test_a_password_alone_opens_nothing(clock: Any, filled: Any, admin: Any, has_device: Any) -> None:
    """No page, no JSON, by no method; whichever address it is, one is led to the question."""
    if has_device:
        turned_on(admin)
    browser = with_password(admin)
    before = EventRecord.objects.count()
    asked = 0
    for address in addresses():
        path = address.format(**filled)
        if path in OPEN | OF_IT:
            continue
        for method in ("get", "post", "put", "patch", "delete", "head", "options"):
            answer = getattr(browser, method)(path)
            assert (answer.status_code, answer.content) == (302, b""), (method, path)
            assert answer.headers["Location"].startswith(f"{QUESTION}?next="), (method, path)
            asked += 1
    assert asked > 200
    assert EventRecord.objects.count() == before


def test_the_form_to_sign_in_tells_it_nothing_either(clock: Any, admin: Any) -> None:
    turned_on(admin)
    page = said(with_password(admin).get(LOGIN))
    assert "Dashboard" not in page


def test_half_a_session_ends_after_ten_minutes_and_a_whole_one_does_not(clock: Any, admin: Any) -> None:
    turned_on(admin)
    half, whole = with_password(admin), signed_in(admin)
    half.get("/admin/")
    clock.shift(timedelta(minutes=11))
    assert half.get("/admin/").headers["Location"].startswith(LOGIN)
    assert whole.get("/admin/").status_code == 200


def test_the_api_is_no_way_round(clock: Any, admin: Any) -> None:
    turned_on(admin)
    assert with_password(admin).get("/api/users/me/").status_code == 401


# --- the question --------------------------------------------------------------------------------


def test_the_right_code_leads_on_in_another_session(clock: Any, admin: Any, filled: Any) -> None:
    turned_on(admin)
    browser = with_password(admin, "/admin/tickets/ticket/")
    led = browser.get("/admin/tickets/ticket/").headers["Location"]
    before = browser.cookies["sessionid"].value

    answer = send(browser, led, code=code())

    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/tickets/ticket/")
    assert browser.get("/admin/tickets/ticket/").status_code == 200
    assert browser.cookies["sessionid"].value != before
    assert not Session.objects.filter(session_key=before).exists()


@pytest.mark.parametrize("typed", ["000000", "", "nonsense", "x" * 65, "\0", "aaaa-aaaa-aaaa-aaaa"])
def test_a_wrong_one_does_not(clock: Any, admin: Any, typed: str) -> None:
    turned_on(admin)
    browser = with_password(admin)
    page = send(browser, QUESTION, code=typed)
    assert page.status_code == 200
    assert page.context["form"].errors["code"]
    assert browser.get("/admin/").status_code == 302


def test_a_code_opens_one_browser(clock: Any, admin: Any) -> None:
    turned_on(admin)
    here, there = with_password(admin), with_password(admin)
    assert send(here, QUESTION, code=code()).status_code == 302
    assert send(there, QUESTION, code=code()).status_code == 200
    assert there.get("/admin/").status_code == 302
    clock.shift(timedelta(seconds=30))
    assert send(there, QUESTION, code=code()).status_code == 302


def test_somebody_elses_code_opens_nothing(clock: Any, admin: Any) -> None:
    other = AdminFactory()
    turned_on(admin)
    secret = pyotp.random_base32()
    before = timezone.now() - timedelta(hours=1)
    _, codes = second_factor.enable(by=other, secret=secret, code=pyotp.TOTP(secret).at(before), now=before)
    browser = with_password(admin)
    for typed in (code(secret=secret), codes[0]):
        assert send(browser, QUESTION, code=typed).status_code == 200


def test_a_recovery_code_opens_once(clock: Any, admin: Any) -> None:
    codes = turned_on(admin)
    here, there = with_password(admin), with_password(admin)
    assert send(here, QUESTION, code=codes[0].upper()).status_code == 302
    assert here.get("/admin/").status_code == 200
    assert send(there, QUESTION, code=codes[0]).status_code == 200
    assert "9 recovery codes are left." in said(here.get(QUESTION))


def test_the_question_leads_to_no_foreign_host(clock: Any, admin: Any) -> None:
    turned_on(admin)
    answer = send(with_password(admin), f"{QUESTION}?next=https://evil.example/", code=code())
    assert answer.headers["Location"] == "/admin/"


@pytest.mark.parametrize("path", sorted(OF_IT))
def test_no_form_of_it_is_taken_without_its_token(clock: Any, admin: Any, path: str) -> None:
    turned_on(admin)
    for browser in (with_password(admin), signed_in(admin)):
        assert browser.post(path, {"code": code(steps=1)}).status_code == 403
    assert TotpDevice.objects.count() == 1


@pytest.mark.parametrize("redis", ["there", "gone"])
def test_tries_are_counted_before_they_are_looked_at(
    valkey_here: Valkey, settings: Any, clock: Any, redis: str
) -> None:
    """The right code is refused like the wrong ones, in every browser; and who is in stays in."""
    admin, other = AdminFactory(), AdminFactory()
    turned_on(admin)
    inside = signed_in(admin)
    clock.shift(timedelta(minutes=1))
    if redis == "gone":
        valkey_here.kill()
    browsers = [with_password(admin) for _ in range(2)]
    settings.RATE_LIMIT_ENABLED = True
    for n in range(10):
        assert send(browsers[n % 2], QUESTION, code="000000").status_code == 200

    refused = [send(browser, QUESTION, code=code()) for browser in browsers]

    assert [answer.status_code for answer in refused] == [429, 429]
    assert int(refused[0].headers["Retry-After"]) > 60
    assert refused[0].headers["Content-Type"].startswith("text/html")
    assert inside.get("/admin/").status_code == 200
    assert Hit.objects.filter(key=f"code:{admin.pk}").exists() is (redis == "gone")
    assert EventRecord.objects.filter(type="sign_in_refused").count() == 10
    settings.RATE_LIMIT_ENABLED = False
    turned_on(other)
    assert signed_in(other).get("/admin/").status_code == 200


# --- setting it up -------------------------------------------------------------------------------


def shown_secret(page: Any) -> str:
    return re.search(r'id="secret">\s*([A-Z2-7]{32})\s*<', said(page))[1]  # type: ignore[index]


def test_who_has_none_sets_it_up_first(clock: Any, admin: Any) -> None:
    browser = with_password(admin, "/admin/tickets/ticket/")
    page = browser.get("/admin/tickets/ticket/", follow=True)
    assert page.redirect_chain[-1][0].startswith(SET_UP)
    path = page.redirect_chain[-1][0]
    secret = shown_secret(page)
    assert "<svg" in said(page)
    assert "style=" not in said(page)[said(page).index("<svg") : said(page).index("</svg>")]
    assert shown_secret(browser.get(path)) == secret

    assert send(browser, path, code="000000").context["form"].errors["code"]
    done = send(browser, path, code=code(secret=secret))

    codes = re.findall(r"<li>((?:[a-z2-9]{4}-){3}[a-z2-9]{4})</li>", said(done))
    assert len(set(codes)) == 10
    assert 'href="/admin/tickets/ticket/"' in said(done)
    assert browser.get("/admin/tickets/ticket/").status_code == 200
    device = TotpDevice.objects.get()
    assert unseal(device.secret, user_id=admin.pk) == secret
    for later in (browser.get(path, follow=True), browser.get(QUESTION)):
        assert not [text for text in (*codes, secret) if text in said(later)]
    # The code that turned it on opens no other browser.
    assert send(with_password(admin), QUESTION, code=code(secret=secret)).status_code == 200


def test_no_two_browsers_are_shown_the_same_secret(clock: Any, admin: Any) -> None:
    """Who has the password and looks first must not know what the person will scan."""
    secrets = {shown_secret(with_password(admin).get(SET_UP)) for _ in range(3)}
    assert len(secrets) == 3


def test_what_one_does_not_have_cannot_be_set_up_over_it(clock: Any, admin: Any) -> None:
    early = with_password(admin)
    secret = shown_secret(early.get(SET_UP))
    turned_on(admin)
    assert early.get(SET_UP).headers["Location"].startswith(QUESTION)
    token = early.cookies["csrftoken"].value
    early.post(SET_UP, {"code": code(secret=secret), "csrfmiddlewaretoken": token})
    assert early.get("/admin/").status_code == 302
    assert unseal(TotpDevice.objects.get().secret, user_id=admin.pk) == SECRET


def test_where_it_is_optional_one_may_and_need_not(clock: Any, admin: Any, settings: Any) -> None:
    settings.ADMIN_TOTP = "optional"
    here, there = with_password(admin), with_password(admin)
    assert 'href="/admin/second-factor/"' in said(here.get("/admin/"))
    page = here.get(QUESTION, follow=True)
    assert send(here, SET_UP, code=code(secret=shown_secret(page))).status_code == 200
    assert here.get("/admin/").status_code == 200
    # It holds for the other browser from now on.
    assert there.get("/admin/").headers["Location"].startswith(QUESTION)


def test_where_it_is_off_nobody_is_asked(clock: Any, admin: Any, settings: Any) -> None:
    turned_on(admin)
    settings.ADMIN_TOTP = "off"
    browser = with_password(admin)
    assert QUESTION not in said(browser.get("/admin/"))
    assert [browser.get(path).status_code for path in sorted(OF_IT)] == [404] * 3


# --- turning it off ------------------------------------------------------------------------------


def test_the_own_one_is_turned_off_with_a_code(clock: Any, admin: Any) -> None:
    turned_on(admin)
    browser = signed_in(admin)
    assert send(browser, TURN_OFF, code="000000").context["form"].errors["code"]
    assert send(browser, TURN_OFF, code=code()).status_code == 200  # used to sign in
    clock.shift(timedelta(seconds=30))

    assert send(browser, TURN_OFF, code=code()).status_code == 302

    assert not TotpDevice.objects.exists()
    assert browser.get("/admin/", follow=True).redirect_chain[-1][0].startswith(SET_UP)


def test_half_a_session_cannot_turn_it_off(clock: Any, admin: Any) -> None:
    turned_on(admin)
    browser = with_password(admin)
    token = browser.cookies["csrftoken"].value
    answer = browser.post(TURN_OFF, {"code": code(), "csrfmiddlewaretoken": token})
    assert answer.headers["Location"].startswith(QUESTION)
    assert TotpDevice.objects.exists()


def test_another_admin_turns_it_off_on_the_persons_page(clock: Any, admin: Any) -> None:
    lost = AdminFactory()
    for user in (admin, lost):
        turned_on(user)
    theirs, browser = signed_in(lost), signed_in(admin)
    assert change(browser_without_tokens(browser), person(lost), remove_second_factor="on").status_code == 302

    assert list(TotpDevice.objects.values_list("user_id", flat=True)) == [admin.pk]
    told = EventRecord.objects.latest("id")
    assert (told.type, told.subject_id, told.actor_id) == ("second_factor_disabled", lost.pk, admin.pk)
    assert theirs.get("/admin/", follow=True).redirect_chain[-1][0].startswith(SET_UP)
    assert "remove_second_factor" not in said(browser.get(person(lost)))


def test_ones_own_page_offers_no_way_round_the_code(clock: Any, admin: Any) -> None:
    turned_on(admin)
    browser = browser_without_tokens(signed_in(admin))
    shown = form_of(browser.get(person(admin)))
    assert "remove_second_factor" not in shown
    browser.post(person(admin), shown | {"remove_second_factor": "on"})
    assert TotpDevice.objects.exists()


def browser_without_tokens(browser: Client) -> Client:
    """The same session in a client that needs none: these forms are another test's."""
    other = Client()
    other.cookies = browser.cookies
    return other


# --- what it costs -------------------------------------------------------------------------------


def test_a_page_asks_once_more_where_it_is_on(clock: Any, admin: Any, settings: Any, browser_as: Browser) -> None:
    turned_on(admin)
    taken = {}
    for mode, browser in {"required": signed_in(admin), "off": browser_as(admin)}.items():
        settings.ADMIN_TOTP = mode
        browser.get("/admin/accounts/user/")
        with CaptureQueriesContext(connection) as statements:
            assert browser.get("/admin/accounts/user/").status_code == 200
        taken[mode] = len(statements)
    assert taken["required"] == taken["off"] + 1


# --- as a person uses it -------------------------------------------------------------------------


@pytest.mark.browser
@pytest.mark.slow
def test_a_person_sets_it_up_and_comes_back(start_daphne: Any, start_chromium: Any, transactional_db: None) -> None:
    admin = AdminFactory(username="anna")
    browser = start_chromium(start_daphne(ADMIN_TOTP="required").base_url)
    browser.open("/admin/tickets/ticket/")
    browser.type("[name=username]", "anna")
    browser.type("[name=password]", PASSWORD)
    browser.submit("#login-form button")
    assert browser.path == SET_UP
    assert browser.run("return document.querySelector('#qr-code svg').getBoundingClientRect().width") > 150
    secret = browser.find("#secret").text

    browser.type("[name=code]", pyotp.TOTP(secret).now())
    browser.submit("#code-form button")

    codes = [item.text for item in browser.all("#recovery-codes li")]
    assert len(codes) == 10
    browser.open("/admin/tickets/ticket/")
    assert browser.path == "/admin/tickets/ticket/"
    browser.click("form[action='/admin/logout/'] button")
    browser.until(lambda: browser.path == "/admin/logout/")

    browser.open("/admin/")
    browser.type("[name=username]", "anna")
    browser.type("[name=password]", PASSWORD)
    browser.submit("#login-form button")
    assert browser.path == QUESTION
    browser.type("[name=code]", codes[0])
    browser.submit("#code-form button")
    assert browser.path == "/admin/"
    assert browser.complaints() == []
    assert [url for url in browser.asked() if not url.startswith(browser.base_url)] == []
    assert TotpDevice.objects.get().user_id == admin.pk
