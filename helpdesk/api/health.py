"""Is the process alive, and can it serve? For load balancers and people; never limited, never long."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import Final

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from helpdesk.api import problems
from helpdesk.core import redis
from helpdesk.core.draining import draining
from helpdesk.core.redis import RedisDown

PATIENCE: Final = 2.0  # seconds for PostgreSQL; Redis has its own bound


@require_safe
@never_cache
def alive(_request: HttpRequest) -> HttpResponse:
    return JsonResponse({"status": "healthy"})


@require_safe
@never_cache
def ready(_request: HttpRequest) -> HttpResponse:
    """200 also without Redis, since REST goes on; 503 without PostgreSQL, and in a process that is about to end."""
    if draining.is_on:
        return problems.unavailable(process="draining").response()
    if not _database.answers():
        return problems.unavailable(postgresql="down").response()
    if not _redis_answers():
        return JsonResponse({"status": "degraded", "redis": "down"})
    return JsonResponse({"status": "ready"})


def _redis_answers() -> bool:
    try:
        return bool(redis.call(lambda client: client.ping()))
    except RedisDown:
        return False


class Probe:
    """Asks in a thread of its own, one question at a time.

    A server that hangs holds that one thread, however often the load balancer asks meanwhile.
    """

    def __init__(self, question: Callable[[], None]) -> None:
        self._question = question
        self._lock = Lock()
        self._asked: Future[None] | None = None
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="readiness")

    def answers(self) -> bool:
        with self._lock:
            if self._asked is None or self._asked.done():
                self._asked = self._executor.submit(self._question)
            asked = self._asked
        try:
            asked.result(timeout=PATIENCE)
        except Exception:  # noqa: BLE001 - whatever it was, it is not ready
            return False
        return True


def _ask_database() -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    finally:
        connection.close()


_database = Probe(_ask_database)
