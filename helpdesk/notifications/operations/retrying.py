"""Take up again what was given up."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from django.db import transaction

from helpdesk.accounts.models import User
from helpdesk.events.operations import publish
from helpdesk.notifications.enums import State
from helpdesk.notifications.events import EmailsResent
from helpdesk.notifications.models import EmailLog, new_message_id

SETTLED: Final = (State.SENT, State.FAILED, State.PARKED)
NAMED: Final = 100


@transaction.atomic
def retry_emails(*, by: User | None, now: datetime, also_failed: bool = False) -> int:
    """Give every parked mail a fresh start, and on demand what was refused for good; return how many there were."""
    states = [State.PARKED, State.FAILED] if also_failed else [State.PARKED]
    given_up = EmailLog.objects.select_for_update(of=("self",)).filter(state__in=states)
    ids = list(given_up.order_by("pk").values_list("pk", flat=True))
    EmailLog.objects.filter(pk__in=ids).update(state=State.PENDING, attempts=0, error="", due_at=now, updated_at=now)
    return _tell(ids, by=by, now=now)


@transaction.atomic
def resend_emails(*, by: User | None, ids: Collection[int], now: datetime) -> int:
    """Send these mails again, whatever became of them; return how many. One that is still being tried is left alone.

    A mail that was accepted before gets a new Message-ID: with the old one the recipient's mail server would drop it as
    the copy that it is. One that was not keeps its own, so that an acceptance nobody heard of does not show twice.
    """
    mails = list(EmailLog.objects.select_for_update(of=("self",)).filter(pk__in=ids, state__in=SETTLED).order_by("pk"))
    for email in mails:
        if email.state == State.SENT:
            email.message_id = new_message_id()
        email.state, email.attempts, email.error, email.due_at, email.updated_at = State.PENDING, 0, "", now, now
    EmailLog.objects.bulk_update(mails, ["message_id", "state", "attempts", "error", "due_at", "updated_at"])
    return _tell([email.pk for email in mails], by=by, now=now)


def _tell(ids: list[int], *, by: User | None, now: datetime) -> int:
    if ids:
        publish(EmailsResent(emails=len(ids), ids=ids[:NAMED]), by=by, now=now)
    return len(ids)
