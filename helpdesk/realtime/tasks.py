"""Celery's door to what sockets leave behind."""

from celery import shared_task
from django.utils import timezone

from helpdesk.realtime import subscriptions


@shared_task
def prune_subscriptions(**_: object) -> None:
    subscriptions.prune(now=timezone.now())
