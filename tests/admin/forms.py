"""Forms of the admin, filled in as a browser would."""

import html
import re
from collections.abc import Callable
from typing import Any

from django.test import Client
from django.test.utils import CaptureQueriesContext

from helpdesk.events.models import EventRecord

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
        if given.get("type") in {"checkbox", "radio"} and not re.search(r"\schecked(?![:\w])", tag):
            continue
        if "name" not in given:
            continue
        value = given.get("value", "on" if given.get("type") == "checkbox" else "")
        # Of a field of several there is a hidden one for each.
        before = values.get(given["name"])
        values[given["name"]] = value if before is None else [*([before] if isinstance(before, str) else before), value]
    for name, text_ in re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>(.*?)</textarea>', form, re.DOTALL):
        values[name] = html.unescape(text_).removeprefix("\r\n").removeprefix("\n").replace("\n", "\r\n")
    for tag, name, options in re.findall(r'(<select[^>]*name="([^"]*)"[^>]*>)(.*?)</select>', form, re.DOTALL):
        chosen = [html.unescape(value) for value in re.findall(r'<option value="([^"]*)" selected', options)]
        values[name] = chosen if re.search(r"\smultiple", tag) else "".join(chosen[:1])
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


def written(statements: CaptureQueriesContext) -> set[str]:
    found = {re.match(r'(?:INSERT INTO|UPDATE|DELETE FROM) "(\w+)"', query["sql"]) for query in statements}
    return {match[1] for match in found if match} - BOOKS


def person(user: Any) -> str:
    return f"/admin/accounts/user/{user.pk}/change/"
