"""What is done to one ticket on a page of its own: each is an operation, told like any other."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from helpdesk.tickets.models import Attachment, Comment, Draft, Ticket, TicketLink
from helpdesk.tickets.operations import attachments
from helpdesk.tickets.operations.drafts import save_draft
from helpdesk.tickets.operations.links import link_tickets
from helpdesk.tickets.operations.merges import merge_ticket
from helpdesk.tickets.operations.tickets import claim_ticket, close_ticket, delete_ticket
from tests.admin.forms import Browser, form_of, of, said, types
from tests.factories import attachment_on, comment_on, ticket_of
from tests.people import NOON, UserFactory


def page(ticket: Any, deed: str, which: Any = None) -> str:
    path = f"/admin/tickets/ticket/{ticket.pk}/{deed}/"
    return f"{path}?which={which.pk}" if which else path


def do(browser: Client, path: str, **fields: Any) -> Any:
    """Open the page, fill in, send."""
    return browser.post(path, form_of(browser.get(path)) | fields)


def told(answer: Any) -> list[str]:
    return [str(message) for message in answer.wsgi_request._messages]


def doors(browser: Client, ticket: Any) -> set[str]:
    return {door["path"].rstrip("/").rpartition("/")[2] for door in browser.get(of(ticket)).context["actions_detail"]}


# --- assignment ------------------------------------------------------------------------------------------------------


def test_a_ticket_is_claimed_once(browser_as: Browser, admin: Any, agent: Any, customer: Any) -> None:
    ticket, taken = ticket_of(customer), ticket_of(customer)
    browser = browser_as(admin)
    shown = form_of(browser.get(page(taken, "claim")))
    claim_ticket(by=agent, ticket_id=taken.pk, now=NOON)

    assert do(browser, page(ticket, "claim")).headers["Location"] == of(ticket)
    late = said(browser.post(page(taken, "claim"), shown))

    assert "Somebody else has taken this ticket." in late
    assert [Ticket.objects.get(pk=row.pk).assigned_to for row in (ticket, taken)] == [admin, agent]
    assert types().count("ticket_assigned") == 2


# --- links -----------------------------------------------------------------------------------------------------------


def test_tickets_are_linked_as_the_page_sees_it_and_the_link_is_taken_back(
    browser_as: Browser, admin: Any, customer: Any
) -> None:
    child, parent = ticket_of(customer, title="Child"), ticket_of(customer, title="Parent")
    browser = browser_as(admin)

    assert do(browser, page(child, "link"), kind="child_of", ticket=parent.pk).headers["Location"] == of(child)

    link = TicketLink.objects.get()
    assert (link.source, link.target, link.kind) == (parent, child, "parent_of")
    assert f'Child of <a class="text-primary-600 dark:text-primary-500" href="{of(parent)}">' in said(
        browser.get(of(child))
    )
    assert "Parent of" in said(browser.get(of(parent)))
    assert page(child, "unlink", link) in said(browser.get(of(child)))
    assert do(browser, page(child, "unlink", link)).status_code == 302
    assert not TicketLink.objects.exists()
    assert types()[2:] == ["ticket_linked"] * 2 + ["ticket_unlinked"] * 2


def test_a_link_that_cannot_be_is_refused_beside_its_field(browser_as: Browser, admin: Any, customer: Any) -> None:
    first, second = ticket_of(customer), ticket_of(customer)
    link_tickets(by=admin, ticket_id=first.pk, kind="parent_of", other_id=second.pk, now=NOON)
    browser, before = browser_as(admin), types()

    circle = do(browser, page(first, "link"), kind="child_of", ticket=second.pk)
    for number, why in {
        str(first.pk): "Name another ticket than this one.",
        "987654": "There is no such ticket.",
        "0": "greater than or equal to 1",
        "9" * 40: "less than or equal to",
        "melted": "Enter a whole number.",
    }.items():
        assert why in said(do(browser, page(first, "link"), kind="related", ticket=number)), number
    wrong = do(browser, page(first, "link"), kind="melted", ticket=second.pk)

    assert "that would be a circle" in said(circle)
    assert wrong.context["form"].errors.keys() == {"kind"}
    assert (TicketLink.objects.count(), types()) == (1, before)


# --- merging ---------------------------------------------------------------------------------------------------------


def test_a_ticket_is_merged_and_the_merge_is_undone(browser_as: Browser, admin: Any, customer: Any) -> None:
    source, target = ticket_of(customer), ticket_of(customer)
    comment = comment_on(source, customer)
    browser = browser_as(admin)

    assert do(browser, page(source, "merge"), into=target.pk).headers["Location"] == of(target)

    source.refresh_from_db()
    assert (source.merged_into, source.status) == (target, "closed")
    assert Comment.objects.get(pk=comment.pk).ticket == target
    assert f'href="{of(target)}"' in said(browser.get(of(source)))
    assert f'href="{of(source)}"' in said(browser.get(of(target)))
    assert doors(browser, source) == {"unmerge", "link"}
    assert doors(browser, target) == {"claim", "link", "attach", "merge"}
    assert do(browser, page(source, "unmerge")).headers["Location"] == of(source)
    source.refresh_from_db()
    assert (source.merged_into, source.status) == (None, "open")
    assert (types().count("ticket_merged"), types().count("ticket_unmerged")) == (2, 2)


def test_a_merge_that_cannot_be_says_why(browser_as: Browser, admin: Any, customer: Any) -> None:
    first, second, foreign = ticket_of(customer), ticket_of(customer), ticket_of(UserFactory())
    browser = browser_as(admin)

    assert "not opened for the same person" in said(do(browser, page(first, "merge"), into=foreign.pk))
    assert "Name another ticket" in said(do(browser, page(first, "merge"), into=first.pk))
    assert "There is no such ticket." in said(do(browser, page(first, "merge"), into=987654))
    assert "not merged into another one" in said(do(browser, page(first, "unmerge")))
    merge_ticket(by=admin, ticket_id=first.pk, into=second.pk, now=NOON)
    again = said(do(browser, page(first, "merge"), into=second.pk))

    assert f"Ticket #{first.pk} has been merged into #{second.pk}." in again
    assert types().count("ticket_merged") == 2


def test_a_merge_of_long_ago_stays(browser_as: Browser, admin: Any, customer: Any) -> None:
    first, second = ticket_of(customer), ticket_of(customer)
    merge_ticket(by=admin, ticket_id=first.pk, into=second.pk, now=NOON - timedelta(days=90))

    refused = said(do(browser_as(admin), page(first, "unmerge")))

    assert "A merge can be undone for 30 days." in refused
    assert Ticket.objects.get(pk=first.pk).merged_into == second


def test_a_merged_ticket_takes_nothing_and_the_page_says_so(browser_as: Browser, admin: Any, customer: Any) -> None:
    first, second = ticket_of(customer), ticket_of(customer)
    browser = browser_as(admin)
    shown = form_of(browser.get(of(first)))
    merge_ticket(by=admin, ticket_id=first.pk, into=second.pk, now=NOON)
    before = types()

    late = said(browser.post(of(first), shown | {"title": "New"}))
    commented = {"comments-TOTAL_FORMS": "1", "comments-0-content": "Too late."}
    comment = said(browser.post(of(first), shown | commented))
    pages = {
        deed: said(do(browser, page(first, deed), **typed))
        for deed, typed in {
            "claim": {},
            "attach": {"file": SimpleUploadedFile("a.txt", b"It burns.\n")},
        }.items()
    }

    for answer in (late, comment, *pages.values()):
        assert f"Ticket #{first.pk} has been merged into #{second.pk}." in answer
    assert types() == before


# --- splitting -------------------------------------------------------------------------------------------------------


def test_a_comment_is_split_off_into_a_ticket(browser_as: Browser, admin: Any, customer: Any) -> None:
    ticket = ticket_of(customer)
    comment, note = (
        comment_on(ticket, customer, content="The alarm is silent."),
        comment_on(ticket, admin, is_internal=True),
    )
    browser = browser_as(admin)
    assert page(ticket, "split", comment) in said(browser.get(of(ticket)))

    assert "The alarm is silent." in said(browser.get(page(ticket, "split", comment)))
    answer = do(browser, page(ticket, "split", comment), title="Alarm")
    do(browser, page(ticket, "split", note))

    new, own = Ticket.objects.exclude(pk=ticket.pk).order_by("pk")
    assert answer.headers["Location"] == of(new)
    assert (new.title, new.created_by, new.split_from) == ("Alarm", customer, ticket)
    assert (own.title, own.created_by) == ("Water helps.", admin)
    assert Comment.objects.get(pk=comment.pk).ticket == new
    assert f'href="{of(ticket)}"' in said(browser.get(of(new)))
    assert (types().count("ticket_split"), types().count("note_split")) == (2, 2)


def test_a_comment_that_is_not_there_is_no_page(browser_as: Browser, admin: Any, customer: Any) -> None:
    here, elsewhere = ticket_of(customer), ticket_of(customer)
    other, gone = comment_on(elsewhere, customer), comment_on(here, customer)
    Comment.objects.filter(pk=gone.pk).update(deleted_at=NOON)
    browser = browser_as(admin)
    for query in (f"which={other.pk}", f"which={gone.pk}", "which=melted", "which=" + "9" * 40, "which=%00", ""):
        for method in (browser.get, browser.post):
            assert method(f"{page(here, 'split')}?{query}").status_code == 404, query
    assert Ticket.objects.count() == 2


# --- files -----------------------------------------------------------------------------------------------------------


def test_a_file_is_attached_downloaded_and_deleted(browser_as: Browser, admin: Any, customer: Any) -> None:
    ticket = ticket_of(customer)
    browser = browser_as(admin)

    sent = SimpleUploadedFile("smoke.txt", b"It burns.\n", content_type="text/plain")
    assert do(browser, page(ticket, "attach"), file=sent).headers["Location"] == of(ticket)

    file = Attachment.objects.get()
    assert (file.filename, file.content_type, file.size, file.uploaded_by) == ("smoke.txt", "text/plain", 10, admin)
    shown = said(browser.get(of(ticket)))
    assert page(ticket, "download", file) in shown
    assert page(ticket, "detach", file) in shown
    answer = browser.get(page(ticket, "download", file))
    assert b"".join(answer.streaming_content) == b"It burns.\n"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="smoke.txt"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    part = browser.get(page(ticket, "download", file), headers={"range": "bytes=3-7"})
    assert (part.status_code, b"".join(part.streaming_content)) == (206, b"burns")
    assert browser.post(page(ticket, "download", file)).status_code == 405
    assert do(browser, page(ticket, "detach", file)).status_code == 302
    assert browser.get(page(ticket, "download", file)).status_code == 404
    assert types()[1:] == ["attachment_added", "attachment_deleted"]


def test_a_file_of_a_comment_says_so(browser_as: Browser, admin: Any, agent: Any, customer: Any) -> None:
    ticket = ticket_of(customer)
    attachment_on(ticket, customer, comment_on(ticket, customer), filename="theirs.txt")
    attachment_on(ticket, agent, comment_on(ticket, agent, is_internal=True), filename="ours.txt")

    shown = said(browser_as(admin).get(of(ticket)))

    for name, where in {"theirs.txt": "on a comment", "ours.txt": "on an internal note"}.items():
        assert where in shown.partition(f"{name}</a>")[2].partition("</p>")[0]


def test_a_file_is_given_to_nobody_else(browser_as: Browser, admin: Any, agent: Any, customer: Any) -> None:
    ticket, other = ticket_of(customer), ticket_of(customer)
    file = attachment_on(ticket, customer)
    for user in (customer, agent, None):
        assert browser_as(user).get(page(ticket, "download", file)).status_code == 302
    browser = browser_as(admin)
    assert browser.get(page(other, "download", file)).status_code == 404
    delete_ticket(by=admin, ticket_id=ticket.pk, now=NOON)
    assert browser.get(page(ticket, "download", file)).status_code == 404
    shown = said(browser.get(of(ticket)))
    assert "smoke.txt" in shown
    assert "which=" not in shown


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("page.png", b"<html><script>alert(1)</script></html>", "Files of this kind are not taken."),
        ("tool.exe", b"MZ\x90\x00", "Files of this kind are not taken."),
        ("empty.txt", b"", "empty"),
        ("large.txt", b"x" * 2000, "The file is larger than 1000 bytes."),
    ],
)
def test_a_file_that_is_not_taken_is_refused_beside_the_field(
    browser_as: Browser, admin: Any, customer: Any, settings: Any, name: str, content: bytes, why: str
) -> None:
    settings.ATTACHMENT_MAX_BYTES = 1000
    ticket = ticket_of(customer)

    answer = do(browser_as(admin), page(ticket, "attach"), file=SimpleUploadedFile(name, content))

    assert why in said(answer)
    assert answer.context["form"].errors
    assert not Attachment.objects.exists()


def test_a_ticket_takes_so_many_files(
    browser_as: Browser, admin: Any, customer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attachments, "MOST_FILES", 1)
    ticket = ticket_of(customer)
    attachment_on(ticket, customer)
    sent = SimpleUploadedFile("smoke.txt", b"It burns again.\n")
    assert "There are 1 files here already." in said(do(browser_as(admin), page(ticket, "attach"), file=sent))


# --- all of them -----------------------------------------------------------------------------------------------------


def test_what_has_gone_while_its_page_was_open_is_gone_once(browser_as: Browser, admin: Any, customer: Any) -> None:
    ticket = ticket_of(customer)
    file = attachment_on(ticket, customer)
    browser = browser_as(admin)
    shown = form_of(browser.get(page(ticket, "detach", file)))
    attachments.delete_attachment(by=admin, attachment_id=file.pk, now=NOON)
    assert browser.post(page(ticket, "detach", file), shown).status_code == 404
    assert types().count("attachment_deleted") == 1


def test_looking_at_a_page_does_nothing(browser_as: Browser, admin: Any, customer: Any) -> None:
    ticket, other = ticket_of(customer), ticket_of(customer)
    link, _ = link_tickets(by=admin, ticket_id=ticket.pk, kind="related", other_id=other.pk, now=NOON)
    which = {"split": comment_on(ticket, customer), "unlink": link, "detach": attachment_on(ticket, customer)}
    browser, before = browser_as(admin), (Ticket.objects.values().get(pk=ticket.pk), types())
    for deed in ("claim", "link", "attach", "merge", "unmerge", "split", "unlink", "detach"):
        for path in (page(ticket, deed, which.get(deed)), f"{page(ticket, deed, which.get(deed))}&into={other.pk}"):
            assert browser.get(path.replace("/&", "/?")).status_code == 200, path
    assert (Ticket.objects.values().get(pk=ticket.pk), types()) == before


def test_nothing_is_done_to_a_deleted_ticket(browser_as: Browser, admin: Any, customer: Any) -> None:
    ticket, other = ticket_of(customer), ticket_of(customer)
    comment = comment_on(ticket, customer)
    delete_ticket(by=admin, ticket_id=ticket.pk, now=NOON)
    browser, before = browser_as(admin), types()

    for deed, form in {
        "claim": {},
        "merge": {"into": other.pk},
        "link": {"kind": "related", "ticket": other.pk},
    }.items():
        assert browser.post(page(ticket, deed), form).status_code == 403, deed
    assert browser.post(page(ticket, "split", comment)).status_code == 403
    assert doors(browser, ticket) == set()
    assert types() == before


def test_a_form_whose_ticket_has_gone_is_a_page_that_says_so(browser_as: Browser, admin: Any) -> None:
    browser = browser_as(admin)
    for deed in ("claim", "merge", "unmerge", "link", "attach", "split", "unlink", "detach", "download"):
        for pk in ("987654", "melted", "9" * 30):
            assert browser.get(f"/admin/tickets/ticket/{pk}/{deed}/").status_code == 404


def test_what_follows_up_a_ticket_leads_to_it(browser_as: Browser, admin: Any, customer: Any) -> None:
    old = ticket_of(customer)
    close_ticket(by=admin, ticket_id=old.pk, now=NOON)
    new = ticket_of(customer, follow_up_of=old.pk)
    assert f'href="{of(old)}"' in said(browser_as(admin).get(of(new)))


def test_what_somebody_has_begun_to_write_is_on_no_page(browser_as: Browser, admin: Any, agent: Any) -> None:
    ticket = ticket_of(agent)
    save_draft(by=agent, ticket_id=ticket.pk, content="Not yet for others.", is_internal=True, now=NOON)
    assert Draft.objects.exists()
    browser = browser_as(admin)
    for path in (of(ticket), "/admin/", "/admin/tickets/ticket/", f"/admin/tickets/ticket/{ticket.pk}/history/"):
        assert "Not yet for others." not in said(browser.get(path, follow=True))
