"""Celery's doors to the operations."""

from celery import shared_task
from django.utils import timezone

from helpdesk.chat.operations import reminding
from helpdesk.realtime.presence import online


@shared_task
def remind(**_: object) -> None:
    reminding.remind(now=timezone.now(), online=online)
