"""What the pages do with what makes no sense: never an error of ours."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from helpdesk.events.models import EventRecord
from tests.admin.addresses import addresses

Browser = Callable[..., Client]

NONSENSE = [
    "?q=%00",
    "?q=" + "x" * 5000,
    "?q=%ED%A0%80",
    "?p=abc",
    "?p=-1",
    "?p=99999999999999999999",
    "?o=9.9.-9",
    "?o=x",
    "?all=",
    "?status=%00",
    "?role=melted&state=melted&type=%00",
    "?assigned_to=99999999999999999999",
    "?title__regex=(",
    "?id__exact=abc",
    "?created_by__password__startswith=a",
    "?_to_field=password",
    "?_facets=True",
    "?_popup=1",
    "?e=1",
    "?q=ticket:" + "0" * 5000,
    "?comments-page=%C2%B2",
    "?comments-page=" + "9" * 5000,
]


@pytest.mark.parametrize("query", NONSENSE)
def test_nonsense_in_an_address_is_no_error_of_ours(browser_as: Browser, filled: Any, admin: Any, query: str) -> None:
    browser = browser_as(admin)
    for address in addresses():
        response = browser.get(address.format(**filled) + query)
        assert response.status_code < 500, address


@pytest.mark.parametrize(
    "query", ["term=%00", "term=" + "x+" * 300, "page=0", "page=" + "9" * 5000, "field_name=title", "model_name=x"]
)
def test_nonsense_in_the_choice_of_a_person_is_no_error_of_ours(browser_as: Browser, admin: Any, query: str) -> None:
    field = "app_label=tickets&model_name=ticket&field_name=created_by"
    response = browser_as(admin).get(f"/admin/autocomplete/?{field}&{query}")
    assert response.status_code in {200, 403, 404}


@pytest.mark.parametrize("odd", ["abc", "0", "-1", "9" * 30, "_00", "_ZZ", "%00", "1;2", "\u0661"])
def test_an_id_that_can_be_none_is_no_error_of_ours(browser_as: Browser, filled: Any, admin: Any, odd: str) -> None:
    browser = browser_as(admin)
    for address in addresses():
        if "{" in address:
            path = address.format_map(dict.fromkeys(filled, odd))
            for method in ("get", "post"):
                assert getattr(browser, method)(path, {"post": "yes"}).status_code < 500, path


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"title": "\0", "description": "x", "priority": "x", "assigned_to": "x", "created_by": "9" * 30},
        {"comments-TOTAL_FORMS": "x"},
        {"comments-TOTAL_FORMS": "99999999", "comments-INITIAL_FORMS": "5"},
        {
            "comments-TOTAL_FORMS": "1",
            "comments-INITIAL_FORMS": "1",
            "comments-0-id": "9" * 30,
            "comments-0-ticket": "x",
        },
        {"username": "\0", "new_password": "\0" * 9, "role": "x", "email": "x", "timezone": "\0", "is_active": "\0"},
        {"action": "melted", "_selected_action": ["x", "9" * 30, "\0"]},
        {"action": "restore", "_selected_action": ["x"], "index": "x", "select_across": "1"},
        {"action": "resend", "_selected_action": ["9" * 30]},
        {"action": "delete_selected", "select_across": "1", "_selected_action": ["1"]},
        {"_saveasnew": "1", "_popup": "1", "_to_field": "x"},
    ],
    ids=str,
)
def test_nonsense_in_a_form_is_no_error_of_ours(browser_as: Browser, filled: Any, admin: Any, form: Any) -> None:
    browser = browser_as(admin)
    before = list(EventRecord.objects.values_list("type", flat=True))
    for address in addresses():
        # Whatever is sent to these is a yes.
        if not address.endswith(("/logout/", "/delete/")):
            assert browser.post(address.format(**filled), form).status_code < 500, address
    assert list(EventRecord.objects.values_list("type", flat=True)) == before
