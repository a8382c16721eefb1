"""Celery's doors to the operations."""

from celery import shared_task
from django.utils import timezone
from structlog.contextvars import bound_contextvars

from helpdesk.notifications import operations


@shared_task
def send_event_emails(*, event_id: int, request_id: str = "", **_: object) -> None:
    """`request_id` names the request that caused it, in the worker's log lines too."""
    with bound_contextvars(request_id=request_id):
        operations.send_event_emails(event_id=event_id, now=timezone.now())


@shared_task
def sweep(**_: object) -> None:
    operations.send_due_emails(now=timezone.now())
