"""A server that is away, hangs up or takes its time."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from helpdesk.notifications.models import EmailLog
from helpdesk.notifications.operations.sending import send_due_emails
from tests.notifications.fates import fates, send
from tests.servers import Smtp, eventually


def test_an_outage_costs_no_mail_but_the_first_an_attempt(owed: Smtp) -> None:
    owed.stop()

    assert send() == 0
    untried, also_untried, tried = sorted(fates().values())
    assert [untried, also_untried] == [["pending", 0, ""]] * 2
    assert tried[:2] == ["pending", 1]
    assert "Connection refused" in tried[2]

    owed.start()
    assert send() == 2
    assert send(timedelta(minutes=1)) == 1
    assert {fate[0] for fate in fates().values()} == {"sent"}
    assert len(owed.mails) == 3


def test_a_server_that_hangs_up_in_the_middle_is_asked_again(owed: Smtp) -> None:
    owed.refuse("", at="DATA", to="ann@example.com", times=1)

    assert send() == 2

    assert fates()["ann"][:2] == ["pending", 1]
    assert send(timedelta(minutes=1)) == 1


def test_a_server_that_does_not_answer_in_time_is_asked_again(owed: Smtp) -> None:
    EmailLog.objects.exclude(recipient__username="ann").delete()
    owed.slowness = 2

    assert send() == 0

    [state, attempts, error] = fates()["ann"]
    assert (state, attempts) == ("pending", 1)
    assert "timed out" in error


def test_the_pause_before_a_retry_begins_when_the_try_has_ended(owed: Smtp) -> None:
    EmailLog.objects.exclude(recipient__username="ann").delete()
    owed.slowness = 2
    began = timezone.now()

    send_due_emails(now=began)

    # One second of waiting, and five of pause.
    assert EmailLog.objects.get().due_at - began > timedelta(seconds=5.9)


@pytest.mark.slow
def test_a_server_that_is_slow_with_every_answer_gets_a_mail_once(owed: Smtp, settings: Any) -> None:
    EmailLog.objects.exclude(recipient__username="ann").delete()
    settings.EMAIL_TIMEOUT = 0.5
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "helpdesk", owed.password
    owed.pause = 0.45

    def send_in_thread() -> int:
        with closing(connection):
            return send()

    with ThreadPoolExecutor() as threads:
        first = threads.submit(send_in_thread)
        eventually(lambda: owed.connections)
        others = 0
        while not first.done():
            others += send()
            time.sleep(0.1)

    assert (first.result(), others) == (1, 0)
    assert len(owed.mails) == 1
    assert fates() == {"ann": ["sent", 1, ""]}
