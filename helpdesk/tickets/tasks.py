"""Celery's door to the timers."""

from celery import shared_task
from django.utils import timezone

from helpdesk.tickets.operations import timers


@shared_task
def fire_timers(**_: object) -> None:
    timers.fire_due(now=timezone.now())
