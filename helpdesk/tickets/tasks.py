"""Celery's door to what tickets do by the clock."""

import logging

from celery import shared_task
from django.utils import timezone

from helpdesk.tickets.operations import collecting

log = logging.getLogger(__name__)


@shared_task
def collect_files(**_: object) -> None:
    if given_up := collecting.collect(now=timezone.now()):
        log.info("stored files given up: %d", given_up)
