"""`X-Event-Cursor`: where the stream of events ended before an answer's data was read.

Whoever got a page and goes on from there misses nothing, and may be told once more of what the page has already. Who
signs the request in says it, since that comes before all data.
"""

from typing import Final

from django.http.response import HttpResponseBase
from rest_framework.request import Request

HEADER: Final = "X-Event-Cursor"
READS: Final = frozenset({"GET", "HEAD"})
FIRST_ERROR: Final = 400


def note(request: Request, cursor: str) -> None:
    request.event_cursor = cursor  # type: ignore[attr-defined]


def of(request: Request) -> str:
    return str(getattr(request, "event_cursor", ""))


def add(response: HttpResponseBase, request: Request) -> None:
    """A page from the cache was read earlier, and brings its own."""
    cursor = of(request)
    if cursor and request.method in READS and response.status_code < FIRST_ERROR:
        response.headers.setdefault(HEADER, cursor)
