"""What has become of the mails that are owed."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from helpdesk.notifications.models import EmailLog
from helpdesk.notifications.operations.sending import send_due_emails

DAY = timedelta(days=1)


def fates() -> dict[str, list[Any]]:
    """State, attempts and error of each mail, by its recipient."""
    mails = EmailLog.objects.values_list("recipient__username", "state", "attempts", "error")
    return {username: fate for username, *fate in mails}


def send(after: timedelta = timedelta()) -> int:
    return send_due_emails(now=timezone.now() + after)
