"""A person's page."""

from typing import Any

import pytest

from helpdesk.accounts.models import User
from tests.admin.addresses import addresses
from tests.admin.forms import GOOD, NEW_PERSON, Browser, change, form_of, person, said, types
from tests.people import UserFactory


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
