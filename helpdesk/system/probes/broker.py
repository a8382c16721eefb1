"""Celery's broker, and whether somebody takes what is queued there."""

from typing import Any, Final

from celery import current_app
from django.conf import settings

from helpdesk.core.redis_urls import place_of
from helpdesk.system.findings import fail, ok
from helpdesk.system.probing import Findings

# Seconds that a worker has to answer, and that the broker has for each of its own.
_WAITED: Final = 2
_BOUNDED: Final = {"socket_timeout": _WAITED, "socket_connect_timeout": _WAITED, "max_retries": 0}
_MEANING: Final = {
    "celery": "events are not swept, and nothing is retried",
    "mail": "no mail leaves",
}
_START: Final = "celery -A config.celery_app worker --queues"


def look() -> Findings:
    where = place_of(settings.CELERY_BROKER_URL)
    options = {**settings.CELERY_BROKER_TRANSPORT_OPTIONS, **_BOUNDED}
    with current_app.connection_for_write(transport_options=options) as connection:
        try:
            connection.ensure_connection(max_retries=1, timeout=_WAITED)
        except Exception as error:  # noqa: BLE001 - each transport has its own
            yield fail(f"the broker ({where}) does not answer: {error}", "Start it, or put CELERY_BROKER_URL right.")
            return
        yield ok(f"the broker ({where}) answers")
        inspected = current_app.control.inspect(timeout=_WAITED, connection=connection)
        queues: dict[str, Any] = inspected.active_queues() or {}
    if not queues:
        cure = f"Start one for each queue: {_START} celery, and {_START} mail."
        yield fail(f"no worker answered within {_WAITED} s", cure)
        return
    yield ok(f"workers that live: {', '.join(sorted(queues))}")
    taken = {queue["name"] for of_worker in queues.values() for queue in of_worker}
    for queue, meaning in _MEANING.items():
        if queue not in taken:
            yield fail(f"no worker takes the queue {queue}: {meaning}", f"{_START} {queue}")
