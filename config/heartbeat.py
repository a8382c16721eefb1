"""A sign of life for health checks, which cost a file's date instead of starting Celery once more."""

from pathlib import Path
from typing import Any

from celery.signals import heartbeat_sent
from django.conf import settings


@heartbeat_sent.connect
def touch(**_signal: Any) -> None:
    """Every two seconds in the main process of a worker, as long as it hears its broker."""
    if settings.WORKER_HEARTBEAT_FILE:
        Path(settings.WORKER_HEARTBEAT_FILE).touch()
