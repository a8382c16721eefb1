"""Celery's door to the sweeper."""

from celery import shared_task
from django.utils import timezone

from helpdesk.events import operations


@shared_task
def sweep(**_: object) -> None:
    operations.sweep(now=timezone.now())
