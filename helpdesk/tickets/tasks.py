"""Celery's doors to the operations."""

import time
from datetime import timedelta
from typing import Final

import structlog
from celery import shared_task
from django.utils import timezone

from helpdesk.tickets.operations import collecting, tallies, timers
from helpdesk.tickets.operations.assignment_queue import share_out_all
from helpdesk.tickets.operations.history_check import check_history as checked_batches

logger = structlog.get_logger(__name__)

# How long one message goes on; well below what Celery allows a task.
BUDGET: Final = timedelta(seconds=60)


@shared_task
def check_history(*, after: int = 0, tickets: int = 0, differing: int = 0, **_: object) -> None:
    """All tickets, however many: each message takes a part, and sends the next one. Killed, it is heard again."""
    began = time.monotonic()
    for checked in checked_batches(after=after):
        tickets += checked.tickets
        differing += len(checked.differing)
        if time.monotonic() - began > BUDGET.total_seconds():
            check_history.delay(after=checked.last, tickets=tickets, differing=differing)
            return
    log = logger.error if differing else logger.info
    log("history_checked", tickets=tickets, differing=differing)


@shared_task
def fire_timers(**_: object) -> None:
    timers.fire_due(now=timezone.now())


@shared_task
def share_out(**_: object) -> None:
    share_out_all(now=timezone.now())


@shared_task
def add_up_tallies(**_: object) -> None:
    tallies.add_up()


@shared_task
def collect_files(**_: object) -> None:
    if given_up := collecting.collect(now=timezone.now()):
        logger.info("stored_files_given_up", files=given_up)
