"""Who was away for ten minutes is told by mail that something waits: once, and never what."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail

from helpdesk.accounts.models import Session
from helpdesk.chat.operations.reading import mark_read
from helpdesk.chat.operations.reminding import remind
from helpdesk.notifications.models import EmailLog
from helpdesk.notifications.operations import send_due_emails
from tests.factories import chat_of, message_in
from tests.people import NOON

MINUTE = timedelta(minutes=1)


@pytest.fixture
def chat(customer: Any, agent: Any, settings: Any) -> Any:
    settings.CHAT_EMAIL_MINUTES = 10
    return chat_of(customer, agent)


@pytest.fixture
def after(django_capture_on_commit_callbacks: Any) -> Any:
    """`after(minutes)`: the reminder runs, and what is owed is sent; what has been sent by then."""

    def run(minutes: float, *, here: Collection[int] = ()) -> list[Any]:
        now = NOON + minutes * MINUTE
        with django_capture_on_commit_callbacks(execute=True):
            remind(now=now, online=lambda people: {person: person in here for person in people})
        _send(now)
        return mail.outbox

    return run


def _send(now: datetime) -> None:
    send_due_emails(now=max(now, EmailLog.objects.latest("pk").due_at) if EmailLog.objects.exists() else now)


def test_the_mail_comes_after_ten_minutes_and_once(customer: Any, agent: Any, chat: Any, after: Any) -> None:
    message_in(chat, agent, "The smoke is blue.")
    message_in(chat, agent, "Now it is green.", now=NOON + 5 * MINUTE)
    assert after(9.9) == []

    (sent,) = after(10)

    message_in(chat, agent, "Anybody?", now=NOON + 11 * MINUTE)
    assert len(after(60)) == 1
    assert (sent.to, sent.subject) == ([customer.email], f"{agent.name} has written to you")
    html = sent.alternatives[0].content
    for text in (sent.body, html):
        assert f"2 messages from {agent.name} wait for you" in text
        assert f"/api/chat/conversations/{chat.pk}/messages/" in text
        assert "smoke" not in text


def test_nobody_is_mailed_who_has_read(customer: Any, agent: Any, chat: Any, after: Any) -> None:
    message = message_in(chat, agent)
    mark_read(by=customer, conversation_id=chat.pk, up_to=message.pk, now=NOON + MINUTE)

    assert after(30) == []


def test_nor_who_has_come_since(customer: Any, agent: Any, chat: Any, after: Any) -> None:
    message_in(chat, agent)

    Session.objects.create(user=customer, last_seen_at=NOON + 5 * MINUTE)

    assert after(30) == []


def test_nor_who_is_here(customer: Any, agent: Any, chat: Any, after: Any) -> None:
    message_in(chat, agent)

    assert after(10, here=[customer.pk]) == []
    assert after(30) == []


def test_whoever_was_here_before_is_mailed(customer: Any, agent: Any, chat: Any, after: Any) -> None:
    Session.objects.create(user=customer, last_seen_at=NOON - MINUTE)
    message_in(chat, agent)

    assert len(after(10)) == 1


def test_what_was_read_before_the_mail_left_is_not_mailed(
    customer: Any, agent: Any, chat: Any, django_capture_on_commit_callbacks: Any
) -> None:
    message = message_in(chat, agent)
    with django_capture_on_commit_callbacks(execute=True):
        assert remind(now=NOON + 10 * MINUTE, online=lambda _people: {}) == 1
    mark_read(by=customer, conversation_id=chat.pk, up_to=message.pk, now=NOON + 11 * MINUTE)

    email = EmailLog.objects.get()
    send_due_emails(now=email.due_at)

    email.refresh_from_db()
    assert (email.state, mail.outbox) == ("failed", [])
    assert "read by now" in email.error


def test_after_reading_a_new_burst_is_mailed(customer: Any, agent: Any, chat: Any, after: Any) -> None:
    first = message_in(chat, agent)
    after(10)
    mark_read(by=customer, conversation_id=chat.pk, up_to=first.pk, now=NOON + 20 * MINUTE)
    message_in(chat, agent, now=NOON + 21 * MINUTE)

    assert len(after(40)) == 2


def test_who_never_looks_is_told_once_a_day(agent: Any, chat: Any, after: Any) -> None:
    for hours in range(0, 49, 6):
        message_in(chat, agent, now=NOON + 60 * hours * MINUTE)
        sent = after(60 * hours + 10)

    assert len(sent) == 2


def test_it_can_be_turned_off(agent: Any, chat: Any, after: Any, settings: Any) -> None:
    settings.CHAT_EMAIL_MINUTES = 0
    message_in(chat, agent)
    assert after(30) == []

    # What was written meanwhile is no news by then.
    settings.CHAT_EMAIL_MINUTES = 10
    assert after(30) == []


def test_the_inactive_are_not_mailed(customer: Any, agent: Any, chat: Any, after: Any) -> None:
    message_in(chat, agent)
    customer.is_active = False
    customer.save()

    assert after(30) == []


def test_the_mail_speaks_the_recipients_language(customer: Any, agent: Any, chat: Any, after: Any) -> None:
    customer.language = "es"
    customer.save()
    message_in(chat, agent)

    (sent,) = after(10)

    assert sent.subject == f"{agent.name} le ha escrito"
    assert f"Un mensaje de {agent.name} le espera en el chat." in sent.body
