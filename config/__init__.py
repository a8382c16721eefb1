"""The service's configuration; the Celery application is made here so that every process knows its tasks."""

from .celery_app import app as celery_app

__all__ = ["celery_app"]
