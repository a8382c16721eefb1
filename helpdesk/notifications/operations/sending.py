"""Send what is owed: claimed one by one, over one SMTP connection, each marked right after its own acceptance.

At least once: whoever dies between the server's acceptance and our mark leaves a mail that is sent again, under the
same Message-ID. The SMTP conversation happens outside any transaction.
"""

import time
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from helpdesk.accounts.roles import Permission
from helpdesk.core import faults, redaction
from helpdesk.notifications import chat_mails
from helpdesk.notifications.account_mails import address_of, is_about_account, why_not
from helpdesk.notifications.composing import compose
from helpdesk.notifications.enums import STAFF_ONLY, State
from helpdesk.notifications.models import EmailLog
from helpdesk.notifications.post import Deferred, Post, Refused, Unreachable
from helpdesk.tickets.models import Ticket

logger = structlog.get_logger(__name__)

FIRST_RETRY: Final = timedelta(seconds=5)
LONGEST_RETRY: Final = timedelta(minutes=10)
# About a day of trying.
ATTEMPTS_BEFORE_PARKING: Final = 150
# A conversation waits for no more answers than this, each for EMAIL_TIMEOUT at most: connecting, banner, EHLO;
# STARTTLS, its handshake, EHLO again; AUTH, which may ask twice; MAIL, RCPT, DATA, and the message's end.
ANSWERS: Final = 12
# Seconds for one call: a slow server must not hold every worker. The next sweep goes on.
BUDGET: Final = 20


class NotEntitled(Refused):
    """The recipient was, when it happened, and is not any more."""


def send_event_emails(*, event_id: int, now: datetime) -> int:
    """Send what is due of one event; return how many mails were accepted."""
    return _send_all(EmailLog.objects.filter(event_id=event_id), now=now)


def send_due_emails(*, now: datetime) -> int:
    """Send whatever is due: retries, and what no task told of because the broker or a worker was gone."""
    return _send_all(EmailLog.objects.all(), now=now)


def _send_all(among: QuerySet[EmailLog], *, now: datetime) -> int:
    began, accepted = time.monotonic(), 0

    def moment() -> datetime:
        return now + timedelta(seconds=time.monotonic() - began)

    with Post() as post:
        while time.monotonic() - began < BUDGET:
            email = _claim(among, now=moment())
            if email is None:
                break
            try:
                _send(email, post, now=moment())
            except Refused as error:
                _settle(email, state=State.FAILED, error=str(error))
            except Deferred as error:
                _postpone(email, error=str(error), now=moment())
            except Unreachable as error:
                # The others would meet the same closed door. They stay due, and lose no attempt.
                _postpone(email, error=str(error), now=moment())
                break
            except Exception as error:
                # Ours, not the mail's: the next release may send it. The others do not wait for that.
                logger.exception("email_broke", email_id=email.pk)
                _postpone(email, error=f"{type(error).__name__}: {error}", now=moment())
            else:
                _settle(email, state=State.SENT, sent_at=moment())
                logger.info("email_sent", email_id=email.pk, event_id=email.event_id, attempts=email.attempts)
                accepted += 1
    return accepted


def _claim(among: QuerySet[EmailLog], *, now: datetime) -> EmailLog | None:
    """The next due mail, ours for as long as a try may take. If we die, it falls due again by itself."""
    due = among.filter(state=State.PENDING, due_at__lte=now).order_by("due_at", "id")
    with transaction.atomic():
        email = due.select_for_update(skip_locked=True, of=("self",)).select_related("event", "recipient").first()
        if email is not None:
            email.due_at = now + timedelta(seconds=ANSWERS * settings.EMAIL_TIMEOUT)
            email.attempts += 1
            email.save(update_fields=["due_at", "attempts", "updated_at"])
    return email


def _send(email: EmailLog, post: Post, *, now: datetime) -> None:
    _check_entitled(email)
    message = compose(email, now=now)
    email.address, email.subject = message.to[0], str(message.subject)
    post.deliver(message)
    faults.reach("notifications.accepted")


def _check_entitled(email: EmailLog) -> None:
    """Asked when it is sent: roles and accounts change."""
    user = email.recipient
    if not user.is_active:
        raise NotEntitled("The recipient is inactive.")
    event = email.event.event()
    if not address_of(email.template, event, user):
        raise NotEntitled("The recipient has no address.")
    if is_about_account(event) or chat_mails.is_about_chat(event):
        reason = chat_mails.why_not(email, event) if chat_mails.is_about_chat(event) else why_not(email)
        if reason:
            raise NotEntitled(reason)
        return
    staff_only = email.template in STAFF_ONLY
    may_read = Ticket.objects.in_scope_of(user).filter(pk=email.event.subject_id).exists()
    if not may_read or (staff_only and not user.may(Permission.SEE_STAFF_EVENTS)):
        raise NotEntitled("The recipient may not read this any more.")


def _settle(email: EmailLog, *, state: State, error: str = "", **more: Any) -> None:
    """Only our own try is settled: one that outlived its claim has been overtaken by another."""
    ours = EmailLog.objects.filter(pk=email.pk, attempts=email.attempts)
    # A mail server may say anything, and this is read in the admin. PostgreSQL stores no NUL.
    said = str(redaction.clean(error.replace("\0", "")))[:2000]
    fate = {"state": state, "error": said, "address": email.address, "subject": email.subject}
    ours.update(**fate, **more, updated_at=timezone.now())
    if state in (State.FAILED, State.PARKED):
        logger.error("email_given_up", state=state, email_id=email.pk, reason=error)


def _postpone(email: EmailLog, *, error: str, now: datetime) -> None:
    """Doubling from five seconds to ten minutes."""
    if email.attempts >= ATTEMPTS_BEFORE_PARKING:
        _settle(email, state=State.PARKED, error=error)
        return
    pause = min(FIRST_RETRY * 2 ** min(email.attempts - 1, 10), LONGEST_RETRY)
    _settle(email, state=State.PENDING, error=error, due_at=now + pause)
