"""Celery's doors to the operations."""

from celery import shared_task
from django.utils import timezone

from helpdesk.tickets.operations.assignment_queue import share_out_all


@shared_task
def share_out(**_: object) -> None:
    share_out_all(now=timezone.now())
