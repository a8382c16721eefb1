"""How an owed mail is sent, by a real SMTP server."""

from datetime import datetime, timedelta

from django.utils import timezone

from helpdesk.events.models import EventRecord
from helpdesk.notifications.models import EmailLog
from helpdesk.notifications.operations.sending import send_event_emails
from tests.factories import ticket_of
from tests.notifications.fates import DAY, fates, send
from tests.people import UserFactory
from tests.servers import Smtp


def test_each_mail_goes_to_its_recipient_once_and_says_so(owed: Smtp) -> None:
    before = timezone.now()

    assert (send(), send(DAY)) == (3, 0)

    assert sorted(mail.to for mail in owed.mails) == [[f"{name}@example.com"] for name in ("ada", "ann", "bob")]
    logged = EmailLog.objects.all()
    assert {(mail.to[0], mail.subject, mail.message_id) for mail in owed.mails} == {
        (email.address, email.subject, email.message_id) for email in logged
    }
    assert {(email.state, email.attempts, email.error) for email in logged} == {("sent", 1, "")}
    assert all(email.sent_at and before <= email.sent_at <= timezone.now() for email in logged)


def test_a_mail_brings_text_and_html(owed: Smtp) -> None:
    send()

    [receipt] = [mail for mail in owed.mails if mail.to == ["ada@example.com"]]
    assert receipt.message.get_content_type() == "multipart/alternative"
    assert receipt.message["To"] == "ada@example.com"
    assert "It burns." in receipt.text
    assert "It burns." in receipt.html


def test_an_event_is_sent_over_one_connection_and_only_its_own_mails(owed: Smtp) -> None:
    ticket_of(UserFactory(username="eve"))
    event = EventRecord.objects.order_by("id")[0]

    assert send_event_emails(event_id=event.pk, now=timezone.now()) == 3

    assert owed.connections == 1
    assert {email.state for email in EmailLog.objects.filter(event=event)} == {"sent"}
    assert {email.state for email in EmailLog.objects.exclude(event=event)} == {"pending"}


def test_nothing_is_tried_before_it_is_due(owed: Smtp) -> None:
    assert send(-DAY) == 0
    assert {fate[1] for fate in fates().values()} == {0}


def test_a_mail_goes_to_the_address_and_in_the_language_of_today(owed: Smtp) -> None:
    from helpdesk.accounts.models import User

    User.objects.filter(username="ada").update(email="new@example.com", language="es")

    send()

    [receipt] = [mail for mail in owed.mails if mail.to == ["new@example.com"]]
    assert receipt.subject.endswith("Recibimos tu ticket: Printer on fire")
    assert EmailLog.objects.get(recipient__username="ada").address == "new@example.com"


def test_the_oldest_mail_goes_first(owed: Smtp) -> None:
    now: datetime = timezone.now()
    for minutes, name in ((3, "bob"), (2, "ada"), (1, "ann")):
        EmailLog.objects.filter(recipient__username=name).update(due_at=now - timedelta(minutes=minutes))

    send()

    assert [mail.to[0] for mail in owed.mails] == ["bob@example.com", "ada@example.com", "ann@example.com"]
