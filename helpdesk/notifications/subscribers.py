"""An event owes mails: write them down, and tell a worker once, however many there are."""

from django.utils import timezone

from helpdesk.api.request_id import current_request_id
from helpdesk.events.declaration import Event
from helpdesk.events.models import EventRecord
from helpdesk.events.subscriptions import subscribe
from helpdesk.notifications import operations, tasks
from helpdesk.notifications.broker import enqueue
from helpdesk.notifications.recipients import EVENTS


@subscribe(*EVENTS, name="notifications.email")
def mail_whom_it_concerns(_event: Event, record: EventRecord) -> None:
    if operations.owe_emails(record=record, now=timezone.now()):
        enqueue(tasks.send_event_emails, event_id=record.pk, request_id=current_request_id())
