"""Celery's door to what the conventions keep."""

from celery import shared_task
from django.utils import timezone

from helpdesk.api import idempotency


@shared_task
def prune_idempotency_keys(**_: object) -> None:
    idempotency.prune(now=timezone.now())
