"""A form that was opened before somebody else saved: nothing of theirs is written over unseen."""

from typing import Any

import pytest

from helpdesk.tickets.models import Comment, Ticket
from tests.admin.forms import Browser, change, form_of, of, said, types
from tests.factories import category_of, comment_on, tag_of, team_of, ticket_of
from tests.people import AdminFactory


def test_what_a_colleague_has_changed_is_not_written_over_unseen(
    browser_as: Browser, admin: Any, customer: Any
) -> None:
    ticket = ticket_of(customer)
    first, second = browser_as(admin), browser_as(AdminFactory())
    shown = form_of(first.get(of(ticket)))
    change(second, of(ticket), title="Theirs", status="pending", priority="urgent")
    before = Ticket.objects.values().get(), types()

    page = first.post(of(ticket), shown | {"title": "Mine", "status": "resolved", "description": "Typed"})

    told = said(page)
    assert "Somebody has changed this since you opened the page: Status and Title." in told
    assert "Now it is “Theirs”." in told
    assert "Now it is “Pending”." in told
    # Priority was changed too, but not by this form.
    assert "Now it is “Urgent”." not in told
    assert form_of(page)["title"] == "Mine"
    assert (Ticket.objects.values().get(), types()) == before

    # Who has read it may decide.
    assert first.post(of(ticket), form_of(page)).status_code == 302
    ticket.refresh_from_db()
    assert (ticket.title, ticket.status, ticket.description) == ("Mine", "resolved", "Typed")
    assert ticket.priority == "urgent"


def test_a_decision_too_is_about_what_was_shown(browser_as: Browser, admin: Any, customer: Any) -> None:
    ticket = ticket_of(customer)
    first, second = browser_as(admin), browser_as(AdminFactory())
    shown = form_of(first.get(of(ticket)))
    change(second, of(ticket), title="Theirs")
    page = first.post(of(ticket), shown | {"title": "Mine"})
    change(second, of(ticket), title="Theirs again")

    assert "Now it is “Theirs again”." in said(first.post(of(ticket), form_of(page)))

    assert Ticket.objects.get().title == "Theirs again"


def test_who_gives_way_writes_nothing(browser_as: Browser, admin: Any, customer: Any) -> None:
    """The value that the page showed at first is a change by now; theirs is none."""
    ticket = ticket_of(customer)
    first, second = browser_as(admin), browser_as(AdminFactory())
    shown = form_of(first.get(of(ticket)))
    change(second, of(ticket), title="Theirs")
    page = first.post(of(ticket), shown | {"title": "Mine"})
    told = types()

    assert first.post(of(ticket), form_of(page) | {"title": "Theirs"}).status_code == 302
    assert types() == told
    assert first.post(of(ticket), form_of(page) | {"title": ticket.title}).status_code == 302
    assert Ticket.objects.get().title == ticket.title


@pytest.mark.parametrize("field", ["category", "team", "assigned_to", "tags"])
def test_rows_that_are_chosen_are_guarded_like_texts(
    browser_as: Browser, admin: Any, agent: Any, customer: Any, field: str
) -> None:
    other = AdminFactory()
    choices = {
        "category": (category_of("Hers"), category_of("His")),
        "team": (team_of(name="Hers"), team_of(name="His")),
        "assigned_to": (agent, other),
        "tags": (tag_of("hers"), tag_of("his")),
    }[field]
    hers, his = ([row.pk] if field == "tags" else row.pk for row in choices)
    ticket = ticket_of(customer)
    first, second = browser_as(admin), browser_as(other)
    shown = form_of(first.get(of(ticket)))
    change(second, of(ticket), **{field: hers})

    page = first.post(of(ticket), shown | {field: his})

    assert f"Now it is “{choices[0]}”." in said(page)
    assert first.post(of(ticket), form_of(page)).status_code == 302
    ticket = Ticket.objects.get()
    assert choices[1].pk in (ticket.category_id, ticket.team_id, ticket.assigned_to_id, *ticket.tag_ids)


def test_it_is_said_in_spanish_too(browser_as: Browser, admin: Any, customer: Any) -> None:
    ticket = ticket_of(customer)
    first, second = browser_as(admin), browser_as(AdminFactory())
    shown = form_of(first.get(of(ticket)))
    change(second, of(ticket), title="Theirs")

    page = said(first.post(of(ticket), shown | {"title": "Mine"}, headers={"accept-language": "es"}))

    assert "Alguien ha cambiado esto desde que abriste la página: Título." in page
    assert "Ahora es «Theirs»." in page


def test_a_form_that_does_not_say_what_it_showed_changes_nothing(
    browser_as: Browser, admin: Any, customer: Any
) -> None:
    ticket = ticket_of(customer)
    browser = browser_as(admin)
    shown = form_of(browser.get(of(ticket))) | {"title": "New"}
    del shown["version"]

    assert browser.post(of(ticket), shown).status_code == 200
    assert browser.post(of(ticket), shown | {"version": "melted"}).status_code == 200
    assert browser.post(of(ticket), shown | {"version": "9" * 40}).status_code == 200

    assert Ticket.objects.get().title == ticket.title


def test_ones_own_comment_is_not_written_over_from_another_window(
    browser_as: Browser, admin: Any, customer: Any
) -> None:
    ticket = ticket_of(customer)
    comment_on(ticket, admin, content="First")
    browser = browser_as(admin)
    shown = form_of(browser.get(of(ticket)))
    change(browser, of(ticket), **{"comments-0-content": "Second"})

    page = browser.post(of(ticket), shown | {"comments-0-content": "Third", "title": "New"})

    assert "You have changed a comment since you opened the page." in said(page)
    assert (Comment.objects.get().content, Ticket.objects.get().title) == ("Second", ticket.title)
