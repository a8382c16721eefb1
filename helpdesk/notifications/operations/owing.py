"""Write down who is owed a mail."""

from datetime import datetime

from helpdesk.accounts.models import User
from helpdesk.events.models import EventRecord
from helpdesk.notifications.enums import Channel
from helpdesk.notifications.models import EmailLog
from helpdesk.notifications.recipients import mails_of


def owe_emails(*, record: EventRecord, now: datetime) -> int:
    """One statement for any number of recipients; return how many there are. Heard twice, the event owes nothing new.

    Who is inactive or has no address is owed nothing.
    """
    mails = mails_of(record.event(), actor_id=record.actor_id)
    reachable = User.objects.filter(pk__in=mails, is_active=True).exclude(email="").values_list("pk", flat=True)
    owed = EmailLog.objects.bulk_create(
        [
            EmailLog(
                event=record,
                recipient_id=user_id,
                channel=Channel.EMAIL,
                template=mails[user_id],
                due_at=now,
                created_at=now,
            )
            for user_id in reachable
        ],
        ignore_conflicts=True,
    )
    return len(owed)
