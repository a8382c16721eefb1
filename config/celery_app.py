"""The Celery application; its settings are the `CELERY_` ones of `components/celery.py`."""

import os

from celery import Celery
from kombu.transport.redis import Transport

from . import heartbeat  # noqa: F401 - it listens
from .broker import Channel

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")

Transport.Channel = Channel

app = Celery("helpdesk")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
