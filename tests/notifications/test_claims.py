"""A mail is tried by one at a time, again and again, until it is parked."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from helpdesk.notifications.models import EmailLog
from helpdesk.notifications.operations import retry_emails, sending
from helpdesk.notifications.operations.sending import send_due_emails
from tests.notifications.fates import DAY, fates, send
from tests.servers import Smtp


def test_retries_come_slower_and_slower_until_the_mail_is_parked(owed: Smtp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "ATTEMPTS_BEFORE_PARKING", 9)
    EmailLog.objects.exclude(recipient__username="ann").delete()
    owed.refuse("451 later")
    now, pauses = timezone.now(), []

    while (email := EmailLog.objects.get()).state == "pending":
        now = max(now, email.due_at)
        send_due_emails(now=now)
        pauses.append((EmailLog.objects.get().due_at - now).total_seconds())

    assert [round(pause) for pause in pauses[:-1]] == [5, 10, 20, 40, 80, 160, 320, 600]
    assert fates() == {"ann": ["parked", 9, "451 later"]}


def test_what_was_parked_is_sent_when_somebody_asks_for_it(owed: Smtp, capsys: pytest.CaptureFixture[str]) -> None:
    EmailLog.objects.filter(recipient__username="ann").update(state="parked", attempts=150, error="451 later")
    EmailLog.objects.filter(recipient__username="bob").update(state="failed", attempts=1, error="550 no")
    assert (send(), send(DAY)) == (1, 0)

    call_command("retry_emails")
    assert capsys.readouterr().out == "1 e-mails will be sent again\n"
    assert send() == 1
    assert fates() == {"ada": ["sent", 1, ""], "ann": ["sent", 1, ""], "bob": ["failed", 1, "550 no"]}

    call_command("retry_emails", "--failed")
    assert send() == 1
    assert fates()["bob"] == ["sent", 1, ""]
    assert retry_emails(by=None, now=timezone.now(), also_failed=True) == 0


def test_a_mail_in_hand_is_nobody_elses_until_its_holder_must_be_dead(owed: Smtp, settings: Any) -> None:
    now = timezone.now()
    held = sending._claim(EmailLog.objects.all(), now=now)
    assert held is not None
    lease = timedelta(seconds=12 * settings.EMAIL_TIMEOUT)

    assert send_due_emails(now=now) == 2
    assert send_due_emails(now=now + lease - timedelta(seconds=1)) == 0
    assert send_due_emails(now=now + lease) == 1

    assert held.message_id in {mail.message_id for mail in owed.mails}
    assert EmailLog.objects.get(pk=held.pk).attempts == 2


def test_who_outlived_the_own_claim_does_not_unsettle_what_another_settled(owed: Smtp, settings: Any) -> None:
    now = timezone.now()
    slow = sending._claim(EmailLog.objects.all(), now=now)
    assert slow is not None
    send(DAY)

    sending._postpone(slow, error="timed out", now=now)

    assert EmailLog.objects.get(pk=slow.pk).state == "sent"
    assert send(DAY * 2) == 0


def test_a_call_ends_before_its_task_would_be_killed(owed: Smtp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "BUDGET", 0.3)
    owed.slowness = 0.2

    assert send() == 2
    assert send() == 1
