"""Celery's doors to the sweeper and to the tidying up."""

from celery import shared_task
from django.utils import timezone

from helpdesk.events import operations


@shared_task
def sweep(**_: object) -> None:
    operations.sweep(now=timezone.now())


@shared_task
def prune_receipts(**_: object) -> None:
    operations.prune_receipts(now=timezone.now())
