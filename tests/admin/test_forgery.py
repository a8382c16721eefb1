"""Nobody's page can make an admin's browser do something: every form needs its token, and nothing else reads a cookie."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.test import Client

from tests.admin.addresses import addresses
from tests.contracts.routes import patterns
from tests.people import PASSWORD

Browser = Callable[..., Client]

UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
ELSEWHERE = sorted(route for route, _view in patterns())


def stored() -> dict[str, list[Any]]:
    """Every row of every table."""
    return {model._meta.label: list(model.objects.order_by("pk").values()) for model in apps.get_models()}


def test_no_address_below_the_admin_takes_anything_without_its_token(
    browser_as: Browser, filled: Any, admin: Any
) -> None:
    """All that the site has, read from its URL configuration: what is new is refused, or fails here."""
    browser = browser_as(admin, enforce_csrf_checks=True)
    form = {"post": "yes", "username": admin.username, "password": PASSWORD, "title": "Forged", "action": "restore"}
    before = stored()

    answers = {}
    for address in addresses():
        path = address.format(**filled)
        answers["POST", address] = browser.post(path, form)
        for method in UNSAFE[1:]:
            answers[method, address] = browser.generic(method, path, json.dumps(form), "application/json")

    assert {called for called, answer in answers.items() if answer.status_code != 403} == set()
    assert all("This form has expired" in answer.content.decode() for answer in answers.values())
    assert stored() == before


def test_a_token_of_somebody_else_is_none(browser_as: Browser, filled: Any, admin: Any) -> None:
    browser, forger = browser_as(admin, enforce_csrf_checks=True), Client()
    forger.get("/admin/login/")
    browser.get("/admin/")
    form = {"csrfmiddlewaretoken": forger.cookies["csrftoken"].value, "post": "yes"}
    before = stored()

    for address in addresses():
        assert browser.post(address.format(**filled), form).status_code == 403, address

    assert stored() == before


def test_the_same_form_is_taken_with_its_token(browser_as: Browser, filled: Any, admin: Any) -> None:
    """Or the refusals above would prove nothing."""
    browser = browser_as(admin, enforce_csrf_checks=True)
    browser.get("/admin/password_change/")
    token = browser.cookies["csrftoken"].value

    assert browser.post("/admin/logout/", {"csrfmiddlewaretoken": token}).status_code == 200
    assert browser.get("/admin/").status_code == 302


def test_the_site_has_all_that_is_below_the_admin() -> None:
    """What stood beside it in the URL configuration would not be walked above."""
    assert [route for route in ELSEWHERE if route.startswith("/admin")] == ["/admin"]


@pytest.mark.parametrize("route", ELSEWHERE)
def test_nothing_else_reads_a_cookie_or_sets_one(browser_as: Browser, filled: Any, admin: Any, route: str) -> None:
    path = route.replace("<id:ticket_id>", str(filled["Ticket"])).replace("<id:pk>", str(filled["Ticket"]))
    known, unknown = browser_as(admin), Client()
    known.cookies["csrftoken"] = "x" * 32
    known.cookies["access"] = known.cookies["token"] = known.cookies["Authorization"] = "Bearer x"
    before = stored()

    for method in ("GET", "HEAD", *UNSAFE, "OPTIONS"):
        # As a form of another page sends it, and as only a script can.
        for body, kind in (
            ("title=Forged", "application/x-www-form-urlencoded"),
            ('{"title": "x"}', "application/json"),
        ):
            answers = [client.generic(method, path, body, kind) for client in (known, unknown)]
            assert said(answers[0]) == said(answers[1]), (method, kind)
            assert not any(answer.cookies for answer in answers), method
            assert not any("cookie" in answer.headers.get("Vary", "").lower() for answer in answers), method

    assert stored() == before


def said(answer: Any) -> tuple[int, bytes]:
    return answer.status_code, answer.content.replace(answer.headers["X-Request-ID"].encode(), b"")


@pytest.mark.parametrize("path", ["/api/auth/token/", "/api/auth/token/refresh/"])
def test_signing_in_sets_no_cookie_either(client: Client, admin: Any, path: str) -> None:
    form = {"username": admin.username, "password": PASSWORD}
    pair = client.post("/api/auth/token/", form, content_type="application/json")
    answer = pair if path.endswith("token/") else client.post(path, pair.json(), content_type="application/json")

    assert answer.status_code == 200
    assert "access" in answer.json()
    assert not client.cookies
