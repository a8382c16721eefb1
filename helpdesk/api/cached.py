"""Lists answered from the cache: the same bytes as without it.

A page is shared by all who see the same rows (`user.scope`), and by nobody else. Its name is everything that its bytes
depend on besides: scheme, host and path, since `next` is a whole address, and the query.
"""

import json
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl

from django.conf import settings
from django.http import HttpResponse
from rest_framework.response import Response

import helpdesk
from helpdesk.api import event_cursors
from helpdesk.cache import pages
from helpdesk.core.redis import RedisDown

Rows = Callable[..., Response]

# Their rows depend on who asks, also among those who share a scope.
PERSONAL: Final = frozenset({"mine"})
# Those of the conventions. Others change nothing, and would make another page of the same rows each time.
CONVENTIONAL: Final = frozenset({"page", "page_size", "cursor", "ordering"})
# The cursor was read before the page's data: a younger one would skip what the page lacks.
OF_THE_PAGE: Final = ("Link", event_cursors.HEADER)
# Two releases may run beside each other for a moment, and write pages in two ways.
RELEASE: Final = sha256(
    b"".join(path.read_bytes() for path in sorted(Path(helpdesk.__file__).parent.rglob("*.py")))
).hexdigest()


def cached(list_rows: Rows) -> Callable[..., HttpResponse]:
    """Answers with the page that somebody of the same scope got a moment ago, or remembers what this one gets."""

    @wraps(list_rows)
    def answer(view: Any, request: Any, **path: int) -> HttpResponse:
        if not settings.LIST_CACHE_SECONDS or not request.query_params.keys() <= _known(view):
            return list_rows(view, request, **path)
        try:
            place, page = pages.find(request.user.scope, _name(request), within=request.user.wider_scopes)
        except RedisDown:
            return list_rows(view, request, **path)
        if page is not None:
            return _unpacked(page)
        try:
            response = list_rows(view, request, **path)
        except BaseException:
            with suppress(RedisDown):
                pages.leave(place)
            raise
        response.add_post_render_callback(lambda rendered: _keep(place, rendered))
        return response

    return answer


def _known(view: Any) -> set[str]:
    return {*CONVENTIONAL, *view.filterset_class.get_filters()}


def _name(request: Any) -> str:
    # In the order in which `next` would repeat them, which is not that of the request.
    query = sorted(parse_qsl(request.META.get("QUERY_STRING", ""), keep_blank_values=True), key=lambda pair: pair[0])
    who = request.user.pk if any(name in PERSONAL for name, _value in query) else None
    parts = [RELEASE, request.scheme, request.get_host(), request.path, query, who]
    return sha256(json.dumps(parts).encode()).hexdigest()


def _keep(place: bytes, response: HttpResponse) -> None:
    with suppress(RedisDown):
        pages.keep(place, _packed(response), seconds=settings.LIST_CACHE_SECONDS)


def _packed(response: HttpResponse) -> bytes:
    """The headers that are the page's own, and the body."""
    lines = [response.headers.get(name, "").encode() for name in OF_THE_PAGE]
    return b"\n".join([*lines, response.content])


def _unpacked(page: bytes) -> HttpResponse:
    *lines, body = page.split(b"\n", len(OF_THE_PAGE))
    headers = {name: line.decode() for name, line in zip(OF_THE_PAGE, lines, strict=True) if line}
    return HttpResponse(body, content_type="application/json", headers=headers)
