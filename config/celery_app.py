"""The Celery application; its settings are the `CELERY_` ones of `components/celery.py`."""

import os
from typing import Any

from celery import Celery
from celery.signals import beat_init, worker_init
from kombu.transport.redis import Transport

from . import heartbeat  # noqa: F401 - it listens
from .broker import Channel

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")

Transport.Channel = Channel

app = Celery("helpdesk")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@beat_init.connect
@worker_init.connect
def refuse_demo_admins(**_signal: Any) -> None:
    # Imported late: models are ready only now.
    from helpdesk.demo import guard

    guard.refuse_demo_admins()
