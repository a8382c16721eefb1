"""The comments on a ticket's page."""

from typing import Any

import pytest

from helpdesk.tickets.models import Comment, Ticket
from helpdesk.tickets.operations.comments import delete_comment
from tests.admin.forms import Browser, change, form_of, of, said, types
from tests.factories import comment_on, ticket_of
from tests.people import NOON


def test_ones_own_comment_is_edited_and_anothers_is_not(browser_as: Browser, admin: Any, customer: Any) -> None:
    ticket = ticket_of(customer)
    theirs = comment_on(ticket, customer, content="Theirs")
    own = comment_on(ticket, admin, content="Own", is_internal=True)
    browser = browser_as(admin)
    page = browser.get(of(ticket))
    forms = {form.instance.pk: form.fields for form in page.context["inline_admin_formsets"][0].formset.initial_forms}
    assert [forms[row.pk]["content"].disabled for row in (theirs, own)] == [True, False]
    assert [forms[row.pk]["is_internal"].disabled for row in (theirs, own)] == [True, True]
    shown = form_of(page)
    rows = {shown[f"comments-{n}-id"]: n for n in range(2)}

    typed = {f"comments-{rows[str(row.pk)]}-content": "New" for row in (theirs, own)}
    flags = {f"comments-{rows[str(theirs.pk)]}-is_internal": "on"}
    assert browser.post(of(ticket), shown | typed | flags).status_code == 302

    assert dict(Comment.objects.values_list("content", "is_internal")) == {"Theirs": False, "New": True}
    assert types().count("note_updated") == 1
    assert "comment_updated" not in types()


def test_a_comment_and_a_note_are_added_in_the_same_form(browser_as: Browser, admin: Any, customer: Any) -> None:
    ticket = ticket_of(customer)
    typed = {
        "comments-TOTAL_FORMS": "3",
        "comments-0-content": "For all.\r\nReally.",
        "comments-1-content": "For us.",
        "comments-1-is_internal": "on",
    }
    assert change(browser_as(admin), of(ticket), **typed).status_code == 302

    found = set(Comment.objects.values_list("content", "is_internal", "author"))
    assert found == {("For all.\nReally.", False, admin.pk), ("For us.", True, admin.pk)}
    ticket.refresh_from_db()
    assert (ticket.comments_count, ticket.public_comments_count) == (2, 1)


def test_an_empty_comment_is_refused_with_the_rest(browser_as: Browser, admin: Any, customer: Any) -> None:
    ticket = ticket_of(customer)
    typed = {"comments-TOTAL_FORMS": "1", "comments-0-content": "", "comments-0-is_internal": "on", "title": "New"}
    page = change(browser_as(admin), of(ticket), **typed)
    assert page.status_code == 200
    assert (Comment.objects.count(), Ticket.objects.get().title) == (0, ticket.title)


def test_a_long_conversation_comes_in_pages_newest_first(browser_as: Browser, admin: Any, customer: Any) -> None:
    ticket = ticket_of(customer)
    for n in range(35):
        comment_on(ticket, customer, content=f"No. {n}.")
    browser = browser_as(admin)
    first, second = (said(browser.get(f"{of(ticket)}?comments-page={n}")) for n in (1, 2))
    assert ("No. 34." in first, "No. 5." in first, "No. 4." in first) == (True, True, False)
    assert ("No. 4." in second, "No. 0." in second, "No. 34." in second) == (True, True, False)
    assert change(browser, f"{of(ticket)}?comments-page=2", title="New").status_code == 302
    assert Ticket.objects.get().title == "New"
    assert "comment_updated" not in types()


@pytest.mark.parametrize("author", ["admin", "customer"])
def test_a_comment_that_comes_while_a_form_is_open_refuses_nothing(
    browser_as: Browser, admin: Any, customer: Any, request: pytest.FixtureRequest, author: str
) -> None:
    """It moves the last one of the page that was shown to the next."""
    ticket = ticket_of(customer)
    comments = [comment_on(ticket, request.getfixturevalue(author), content=f"No. {n}.") for n in range(31)]
    browser = browser_as(admin)
    shown = form_of(browser.get(of(ticket)))
    last = next(key for key, value in shown.items() if value == str(comments[1].pk)).removesuffix("-id")
    comment_on(ticket, customer)

    assert browser.post(of(ticket), shown | {"title": "New", f"{last}-DELETE": "on"}).status_code == 302

    assert Ticket.objects.get().title == "New"
    assert list(Comment.objects.exclude(deleted_at=None)) == [comments[1]]
    assert "comment_updated" not in types()


@pytest.mark.parametrize("author", ["admin", "customer"])
def test_a_comment_that_goes_while_a_form_is_open_refuses_only_its_own_change(
    browser_as: Browser, admin: Any, customer: Any, request: pytest.FixtureRequest, author: str
) -> None:
    ticket = ticket_of(customer)
    comment = comment_on(ticket, request.getfixturevalue(author))
    browser = browser_as(admin)
    shown = form_of(browser.get(of(ticket)))
    delete_comment(by=admin, comment_id=comment.pk, now=NOON)

    assert browser.post(of(ticket), shown | {"title": "New"}).status_code == 302
    assert Ticket.objects.get().title == "New"
    assert browser.post(of(ticket), shown | {"title": "New", "comments-0-DELETE": "on"}).status_code == 302
    assert types().count("comment_deleted") == 1
    if author == "admin":
        assert "Mine" in said(browser.post(of(ticket), shown | {"title": "Newer", "comments-0-content": "Mine"}))
    assert Ticket.objects.get().title == "New"


def test_a_comment_of_another_ticket_is_not_changed_here(browser_as: Browser, admin: Any, customer: Any) -> None:
    here, elsewhere = ticket_of(customer), ticket_of(customer)
    comment_on(here, admin)
    other = comment_on(elsewhere, admin, content="Theirs")
    forged = {"comments-0-id": str(other.pk)}
    for more in ({"comments-0-content": "Forged"}, {"comments-0-DELETE": "on"}):
        change(browser_as(admin), of(here), **forged, **more)
    assert Comment.objects.values_list("content", "deleted_at").get(pk=other.pk) == ("Theirs", None)
