"""The mails that are owed, sent to this process's own memory, and the links in them."""

import re
from datetime import timedelta
from typing import Any

from django.core import mail
from django.utils import timezone

SECONDS = timedelta(seconds=1)


def mails() -> list[Any]:
    """What has not been sent yet, in the order in which it was owed."""
    from helpdesk.notifications.operations import send_due_emails

    mail.outbox.clear()
    send_due_emails(now=timezone.now() + SECONDS)
    return list(mail.outbox)


def token_in(message: Any) -> str:
    found = re.findall(r"\?token=(hdt_[\w-]{43})\b", str(message.body))
    assert len(found) == 1, message.body
    return str(found[0])
