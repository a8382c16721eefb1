"""Hand a task to Celery without making anybody wait, or fail.

Whoever enqueues has written down what is to be done, so what does not arrive now arrives later: the sweep finds it.
Hence short waits, no retries, and a breaker: while the broker is known to be gone, only one at a time asks it.
"""

import logging
import time
from typing import Any, Final

import kombu.pools
from celery import Task, current_app
from kombu.exceptions import LimitExceeded, OperationalError

log = logging.getLogger(__name__)

PATIENCE: Final = 0.25  # seconds for one answer of the broker, or for a free connection
REST: Final = 1.0  # seconds between two tries while the broker is gone
# The workers' own connections wait longer: they have nobody to answer to.
_BOUNDED: Final = {"socket_timeout": PATIENCE, "socket_connect_timeout": PATIENCE, "max_retries": 0}

_closed_until = 0.0


class _Gone(Exception):
    """The broker did not answer, or is known not to."""


def enqueue(task: Task, **kwargs: Any) -> bool:
    """Whether the broker took it; never raises because of the broker."""
    global _closed_until
    known_down = _closed_until > 0
    try:
        _refuse_while_resting()
        if known_down:
            # This caller tries; meanwhile the others do without.
            _closed_until = time.monotonic() + REST
        _publish(task, kwargs, tries=known_down)
    except (_Gone, LimitExceeded):
        # The second is our own rush, and says nothing about the broker.
        return False
    if known_down:
        log.warning("broker is back")
    _closed_until = 0.0
    return True


def _refuse_while_resting() -> None:
    if time.monotonic() < _closed_until:
        raise _Gone


def _publish(task: Task, kwargs: dict[str, Any], *, tries: bool) -> None:
    global _closed_until
    # Looked up each time: the pools are emptied after a fork.
    producers = kombu.pools.producers[current_app.connection_for_write(transport_options=_BOUNDED)]
    with producers.acquire(block=True, timeout=PATIENCE) as producer:
        if not tries:
            _refuse_while_resting()
        try:
            task.apply_async(kwargs=kwargs, producer=producer, retry=False)
        except (OperationalError, OSError) as error:
            if _closed_until == 0:
                log.warning("broker is down: %s", type(error).__name__)
            # Said before the connection is free again: whoever waits for it shall not try in vain.
            _closed_until = time.monotonic() + REST
            raise _Gone from error
