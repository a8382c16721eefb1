"""What a mail says, and to whom its headers speak."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives

from helpdesk.notifications.composing import compose
from helpdesk.notifications.enums import Template
from helpdesk.notifications.models import EmailLog
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.operations import tickets
from tests.factories import comment_on, ticket_of
from tests.people import NOON, AgentFactory, UserFactory

Committing = Callable[[], Any]

pytestmark = pytest.mark.django_db

SUBJECTS = {
    "en": {
        Template.TICKET_CREATED: "New ticket: Printer on fire",
        Template.TICKET_RECEIPT: "We have received your ticket: Printer on fire",
        Template.TICKET_ASSIGNED: "Assigned to you: Printer on fire",
        Template.STATUS_CHANGED: "In Progress: Printer on fire",
        Template.COMMENT_ADDED: "New comment: Printer on fire",
        Template.NOTE_ADDED: "Internal note: Printer on fire",
    },
    "es": {
        Template.TICKET_CREATED: "Nuevo ticket: Printer on fire",
        Template.TICKET_RECEIPT: "Recibimos tu ticket: Printer on fire",
        Template.TICKET_ASSIGNED: "Asignado a ti: Printer on fire",
        Template.STATUS_CHANGED: "En progreso: Printer on fire",
        Template.COMMENT_ADDED: "Nuevo comentario: Printer on fire",
        Template.NOTE_ADDED: "Nota interna: Printer on fire",
    },
}
NEWS = {
    "en": {
        Template.TICKET_CREATED: "ada opened a ticket.",
        Template.TICKET_RECEIPT: "We have received your ticket, and will answer as soon as we can.",
        Template.TICKET_ASSIGNED: "bob assigned this ticket to you.",
        Template.STATUS_CHANGED: "The status of your ticket changed from Open to In Progress.",
        Template.COMMENT_ADDED: "bob wrote a comment:",
        Template.NOTE_ADDED: "bob wrote an internal note, which customers do not see:",
    },
    "es": {
        Template.TICKET_CREATED: "ada abrió un ticket.",
        Template.TICKET_RECEIPT: "Recibimos tu ticket y te responderemos lo antes posible.",
        Template.TICKET_ASSIGNED: "bob te asignó este ticket.",
        Template.STATUS_CHANGED: "El estado de tu ticket cambió de Abierto a En progreso.",
        Template.COMMENT_ADDED: "bob escribió un comentario:",
        Template.NOTE_ADDED: "bob escribió una nota interna, que los clientes no ven:",
    },
}
# What the event brought, and both forms of the mail repeat.
CONTENT = {
    Template.TICKET_CREATED: "It burns.",
    Template.TICKET_RECEIPT: "It burns.",
    Template.COMMENT_ADDED: "Water helps.",
    Template.NOTE_ADDED: "He smokes.",
}


@pytest.fixture
def story(committing: Committing) -> Callable[..., dict[str, EmailMultiAlternatives]]:
    """A ticket's life that causes each mail once; `story(language="es")` tells it in Spanish."""

    def tell(language: str = "en", **ticket_fields: Any) -> dict[str, EmailMultiAlternatives]:
        ada = UserFactory(username="ada", language=language)
        ann, bob = AgentFactory(username="ann", language=language), AgentFactory(username="bob", email="")
        with committing():
            ticket = ticket_of(ada, **ticket_fields)
            changes = {"status": "in_progress", "assigned_to": ann.pk}
            tickets.update_ticket(by=bob, ticket_id=ticket.pk, changes=changes, now=NOON)
            comment_on(ticket, bob)
            comment_on(ticket, bob, content="He smokes.", is_internal=True)
        # Everybody of it once: ada's comment is ann's too.
        return {email.template: compose(email, now=NOON) for email in EmailLog.objects.order_by("-id")}

    return tell


def html_of(message: EmailMultiAlternatives) -> str:
    [alternative] = message.alternatives
    assert alternative.mimetype == "text/html"
    return str(alternative.content)


@pytest.mark.parametrize("language", ["en", "es"])
def test_each_mail_speaks_the_language_of_its_recipient(story: Any, language: str) -> None:
    messages = story(language)

    number = Ticket.objects.get().pk
    assert {template: message.subject for template, message in messages.items()} == {
        template: f"[Ticket #{number}] {subject}" for template, subject in SUBJECTS[language].items()
    }
    for template, message in messages.items():
        assert NEWS[language][Template(template)] in message.body
        assert NEWS[language][Template(template)] in html_of(message)
        assert f'<html lang="{language}">' in html_of(message)


@pytest.mark.parametrize("template", SUBJECTS["en"])
def test_the_text_says_all_that_the_html_says(story: Any, settings: Any, template: Template) -> None:
    settings.PUBLIC_URL = "https://desk.example.org/"

    message = story()[template]

    number = Ticket.objects.get().pk
    for part in (message.body, html_of(message)):
        assert f"#{number} Printer on fire" in part
        assert CONTENT.get(template, "") in part
        assert f"https://desk.example.org/api/tickets/{number}/" in part


def test_a_link_leads_where_a_front_end_shows_tickets(story: Any, settings: Any) -> None:
    settings.PUBLIC_URL, settings.TICKET_PATH = "https://desk.example.org", "/tickets/{id}"

    message = story()[Template.TICKET_RECEIPT]

    assert f"https://desk.example.org/tickets/{Ticket.objects.get().pk}\n" in message.body


def test_a_mail_tells_what_was_and_not_what_became_of_it(story: Any) -> None:
    story()
    Ticket.objects.update(title="Printer is ash", description="It burnt.", status="open", priority="low")

    receipt = compose(EmailLog.objects.get(template=Template.TICKET_RECEIPT), now=NOON)

    assert str(receipt.subject).endswith("Printer on fire")
    assert "It burns." in receipt.body
    assert "Priority: Medium" in receipt.body


def test_what_users_write_is_no_markup_in_html_and_itself_in_text(story: Any) -> None:
    evil = "<script>alert('1')</script> & <b>"

    message = story(title=evil, description=evil)[Template.TICKET_CREATED]

    escaped = "&lt;script&gt;alert('1')&lt;/script&gt; &amp; &lt;b&gt;"
    assert html_of(message).replace("&#x27;", "'").count(escaped) == 3  # title of the page, heading, description
    assert "<script" not in html_of(message)
    assert message.body.count(evil) == 2
    assert str(message.subject).endswith(f"New ticket: {evil}")


@pytest.mark.parametrize(
    "title",
    [
        "Hi\r\nBcc: all@example.com",
        "Hi\nBcc: all@example.com",
        "Hi\x0bBcc: all@example.com",
        "Hi\u2028Bcc: all@example.com",
        "Hi\x1b\x85Bcc: all@example.com",
    ],
)
def test_a_title_cannot_add_a_header(story: Any, title: str) -> None:
    message = story(title=title)[Template.TICKET_CREATED]

    assert str(message.subject).endswith("New ticket: Hi Bcc: all@example.com")
    assert message.message()["Bcc"] is None
    assert message.recipients() == ["ann@example.com"]


def test_a_long_title_is_cut(story: Any) -> None:
    message = story(title="x" * 255)[Template.TICKET_RECEIPT]

    assert str(message.subject).endswith("x…")
    assert len(str(message.subject)) < 255


def test_a_percent_sign_in_a_title_is_a_percent_sign(story: Any) -> None:
    message = story(title="100 %(title)s %s", description="{{ event }} {% now %}")[Template.TICKET_RECEIPT]

    assert str(message.subject).endswith("100 %(title)s %s")
    assert "{{ event }} {% now %}" in message.body


def test_the_headers_keep_machines_from_answering_and_a_ticket_together(story: Any, settings: Any) -> None:
    settings.DEFAULT_FROM_EMAIL = "The Desk <desk@example.org>"

    messages = story()

    number = Ticket.objects.get().pk
    for message in messages.values():
        headers = message.message()
        assert headers["From"] == "The Desk <desk@example.org>"
        assert headers["Auto-Submitted"] == "auto-generated"
        assert headers["X-Auto-Response-Suppress"] == "All"
        assert headers["Precedence"] == "bulk"
        assert headers["References"] == headers["In-Reply-To"] == f"<ticket-{number}@example.org>"
        assert headers["X-Helpdesk-Ticket"] == str(number)
        assert headers["Message-ID"].endswith("@example.org>")
    assert messages[Template.NOTE_ADDED].message()["X-Helpdesk-Event"] == "note_added"
    assert len({message.message()["Message-ID"] for message in messages.values()}) == len(SUBJECTS["en"])


def test_a_mail_that_is_composed_again_is_the_same_mail(story: Any) -> None:
    story()
    email = EmailLog.objects.order_by("id")[0]

    first, second = (compose(EmailLog.objects.get(pk=email.pk), now=NOON) for _ in range(2))

    assert first.message()["Message-ID"] == second.message()["Message-ID"] == email.message_id
    assert (first.subject, first.body, html_of(first)) == (second.subject, second.body, html_of(second))
