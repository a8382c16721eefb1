"""An operator sends mails again: it arrives, as a new mail where the old one had arrived too."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from helpdesk.events.models import EventRecord
from helpdesk.notifications.models import EmailLog
from helpdesk.notifications.operations import resend_emails
from helpdesk.notifications.operations.sending import send_due_emails
from tests.factories import ticket_of
from tests.people import UserFactory
from tests.servers import Smtp


@pytest.fixture
def receipt(post_office: Smtp) -> Any:
    ticket_of(UserFactory(username="ada"))
    return EmailLog.objects.get()


def send() -> int:
    return send_due_emails(now=timezone.now() + timedelta(seconds=1))


def again(*ids: int) -> int:
    return resend_emails(by=None, ids=ids, now=timezone.now())


def test_a_mail_that_arrived_arrives_again_under_another_name(receipt: Any, post_office: Smtp) -> None:
    assert send() == 1
    sent_at = EmailLog.objects.get().sent_at

    assert again(receipt.pk) == 1
    told = EventRecord.objects.latest("id")
    assert (told.type, told.body["resent"]) == ("emails_resent", {"emails": 1, "ids": [receipt.pk]})
    waiting = EmailLog.objects.get()
    assert (waiting.state, waiting.attempts, waiting.sent_at) == ("pending", 0, sent_at)
    assert send() == 1

    first, second = post_office.mails
    assert (first.to, first.subject, first.text) == (second.to, second.subject, second.text)
    assert first.message_id == receipt.message_id != second.message_id
    log = EmailLog.objects.get()
    assert (log.state, log.attempts, log.message_id) == ("sent", 1, second.message_id)
    assert log.sent_at > sent_at


@pytest.mark.parametrize("state", ["failed", "parked"])
def test_one_that_was_given_up_keeps_its_name(receipt: Any, post_office: Smtp, state: str) -> None:
    EmailLog.objects.update(state=state, attempts=150, error="550 No such user")

    assert again(receipt.pk) == 1
    assert EmailLog.objects.values_list("state", "attempts", "error").get() == ("pending", 0, "")
    assert send() == 1

    assert [mail.message_id for mail in post_office.mails] == [receipt.message_id]


def test_one_that_is_being_tried_is_left_alone(receipt: Any) -> None:
    later = timezone.now() + timedelta(minutes=5)
    EmailLog.objects.update(attempts=3, due_at=later, error="451 later")

    assert again(receipt.pk) == 0

    assert EmailLog.objects.values_list("attempts", "due_at", "error").get() == (3, later, "451 later")


def test_only_those_that_were_chosen_are_sent_again(receipt: Any, post_office: Smtp) -> None:
    ticket_of(UserFactory(username="eve"))
    send()
    assert again(receipt.pk, 9_000_000_000) == 1
    assert send() == 1
    assert sorted(mail.to[0] for mail in post_office.mails) == ["ada@example.com", "ada@example.com", "eve@example.com"]
