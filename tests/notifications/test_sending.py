"""What becomes of an owed mail, against a real SMTP server."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from helpdesk.events.models import EventRecord
from helpdesk.notifications.models import EmailLog
from helpdesk.notifications.operations import retry_emails, sending
from helpdesk.notifications.operations.sending import send_due_emails, send_event_emails
from tests.factories import comment_on, ticket_of
from tests.people import AgentFactory, UserFactory
from tests.servers import Smtp, eventually

DAY = timedelta(days=1)


def fates() -> dict[str, list[Any]]:
    """State, attempts and error of each mail, by its recipient."""
    mails = EmailLog.objects.values_list("recipient__username", "state", "attempts", "error")
    return {username: fate for username, *fate in mails}


def send(after: timedelta = timedelta()) -> int:
    return send_due_emails(now=timezone.now() + after)


@pytest.fixture
def owed(post_office: Smtp) -> Smtp:
    """A receipt for ada, and news for ann and bob."""
    AgentFactory(username="ann")
    AgentFactory(username="bob")
    ticket_of(UserFactory(username="ada"))
    return post_office


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


@pytest.mark.parametrize("answer", ["421 busy", "451 later", "450 greylisted"])
@pytest.mark.parametrize("at", ["RCPT", "DATA"])
def test_a_refusal_for_now_is_tried_again_and_holds_up_nobody(owed: Smtp, answer: str, at: str) -> None:
    owed.refuse(answer, at=at, to="ann@example.com", times=1)

    assert send() == 2
    assert fates() == {"ada": ["sent", 1, ""], "ann": ["pending", 1, answer], "bob": ["sent", 1, ""]}

    assert send(timedelta(seconds=4)) == 0
    assert send(timedelta(minutes=1)) == 1
    assert fates()["ann"] == ["sent", 2, ""]
    assert len(owed.mails) == 3


@pytest.mark.parametrize("at", ["RCPT", "DATA"])
def test_a_refusal_for_good_is_not_tried_again_and_holds_up_nobody(owed: Smtp, at: str) -> None:
    owed.refuse("550 No such user", at=at, to="ann@example.com")

    assert send() == 2
    assert fates() == {"ada": ["sent", 1, ""], "ann": ["failed", 1, "550 No such user"], "bob": ["sent", 1, ""]}
    assert send(DAY) == 0


@pytest.mark.parametrize("answer", ["550 Sender denied", "530 Authentication required", "451 later"])
def test_a_sender_that_the_server_does_not_accept_is_no_mails_fault(owed: Smtp, answer: str) -> None:
    owed.refuse(answer, at="MAIL")

    assert send() == 0
    assert sorted(fates().values()) == [["pending", 0, ""], ["pending", 0, ""], ["pending", 1, answer]]

    owed.accept()
    assert send(timedelta(minutes=1)) == 3


def test_a_missing_sign_in_is_no_mails_fault_wherever_the_server_says_so(owed: Smtp) -> None:
    owed.refuse("530 Authentication required", at="RCPT", times=1)

    assert send() == 0
    assert sorted(attempts for _state, attempts, _error in fates().values()) == [0, 0, 1]
    assert send(timedelta(minutes=1)) == 3


def test_a_wrong_password_is_no_mails_fault(owed: Smtp, settings: Any) -> None:
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "helpdesk", "wrong"

    assert send() == 0
    [*_untried, [state, attempts, error]] = sorted(fates().values())
    assert (state, attempts, error[:4]) == ("pending", 1, "535 ")

    settings.EMAIL_HOST_PASSWORD = owed.password
    assert send(timedelta(minutes=1)) == 3


def test_an_answer_that_postgresql_cannot_store_is_kept_without_its_nul(owed: Smtp) -> None:
    owed.refuse("451 try\0 later", to="ann@example.com", times=1)

    assert send() == 2
    assert fates()["ann"] == ["pending", 1, "451 try later"]
    assert send(timedelta(minutes=1)) == 1


@pytest.mark.parametrize("address", ["ann@", "ann@exa\nmple.com", "@"])
def test_an_address_that_cannot_be_one_fails_at_once(owed: Smtp, address: str) -> None:
    from helpdesk.accounts.models import User

    User.objects.filter(username="ann").update(email=address)

    assert send() == 2

    assert fates()["ann"][:2] == ["failed", 1]
    assert len(owed.mails) == 2


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
    assert retry_emails(now=timezone.now(), also_failed=True) == 0


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


def test_a_mistake_of_ours_is_kept_and_holds_up_nobody(owed: Smtp) -> None:
    EmailLog.objects.filter(recipient__username="ann").update(template="no_such_template")

    assert send() == 2

    [state, attempts, error] = fates()["ann"]
    assert (state, attempts) == ("pending", 1)
    assert "no_such_template" in error


def test_a_call_ends_before_its_task_would_be_killed(owed: Smtp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "BUDGET", 0.3)
    owed.slowness = 0.2

    assert send() == 2
    assert send() == 1


def test_an_internal_note_is_mailed_only_to_who_is_an_agent_by_then(post_office: Smtp) -> None:
    names = ("ann", "bob", "gone", "author")
    ann, bob, gone, author = (AgentFactory(username=name) for name in names)
    ticket = ticket_of(UserFactory(username="ada"))
    for agent in (ann, bob, gone):
        comment_on(ticket, agent)
    EmailLog.objects.all().delete()
    comment_on(ticket, author, content="He smokes.", is_internal=True)
    bob.role = "customer"
    bob.save()
    gone.is_active = False
    gone.save()

    assert (send(), send(DAY)) == (1, 0)

    assert [mail.to for mail in post_office.mails] == [["ann@example.com"]]
    assert fates() == {
        "ann": ["sent", 1, ""],
        "bob": ["failed", 1, "The recipient may not read this any more."],
        "gone": ["failed", 1, "The recipient is inactive."],
    }


def test_who_may_still_see_the_ticket_but_is_no_agent_gets_no_note_of_it(post_office: Smtp) -> None:
    ann, author = AgentFactory(username="ann"), AgentFactory(username="author")
    ticket = ticket_of(ann)
    comment_on(ticket, ann)
    EmailLog.objects.all().delete()
    comment_on(ticket, author, content="He smokes.", is_internal=True)
    ann.role = "customer"
    ann.save()

    assert send() == 0

    assert fates() == {"ann": ["failed", 1, "The recipient may not read this any more."]}
    assert post_office.connections == 0


def test_who_lost_the_sight_of_a_ticket_or_the_address_is_not_mailed(post_office: Smtp) -> None:
    ada, ann = UserFactory(username="ada"), AgentFactory(username="ann")
    ticket = ticket_of(ada, assigned_to=ann.pk)
    EmailLog.objects.all().delete()
    comment_on(ticket, AgentFactory())
    ann.role = "customer"
    ann.save()
    ada.email = ""
    ada.save()

    assert send() == 0

    assert fates() == {
        "ada": ["failed", 1, "The recipient has no address."],
        "ann": ["failed", 1, "The recipient may not read this any more."],
    }


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
