"""Write down who is owed a mail."""

from datetime import datetime

from helpdesk.accounts.models import User
from helpdesk.events.models import EventRecord
from helpdesk.notifications.account_mails import address_of
from helpdesk.notifications.enums import Channel
from helpdesk.notifications.models import EmailLog
from helpdesk.notifications.recipients import mails_of


def owe_emails(*, record: EventRecord, now: datetime) -> int:
    """One statement for any number of recipients; return how many there are. Heard twice, the event owes nothing new.

    Who is inactive or has no address is owed nothing.
    """
    event = record.event()
    mails = mails_of(event, actor_id=record.actor_id)
    if not mails:
        return 0
    people = User.objects.filter(pk__in=mails, is_active=True).only("email")
    owed = EmailLog.objects.bulk_create(
        [
            EmailLog(
                event=record,
                recipient_id=user.pk,
                channel=Channel.EMAIL,
                template=mails[user.pk],
                due_at=now,
                created_at=now,
            )
            for user in people
            if address_of(mails[user.pk], event, user)
        ],
        ignore_conflicts=True,
    )
    return len(owed)
