"""Steps around a request, written once for both kinds of handler."""

from collections.abc import Callable, Generator
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

Steps = Callable[[HttpRequest], Generator[None, HttpResponseBase, HttpResponseBase]]


def around(steps: Steps) -> Callable[[Any], Any]:
    """A middleware from a generator: what it does before its one `yield`, which answers the response, and after.

    Django's MiddlewareMixin would hop to another thread and back for each half; this runs where it is called.
    """

    @sync_and_async_middleware
    def middleware(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
        if iscoroutinefunction(get_response):

            async def answer_later(request: HttpRequest) -> HttpResponseBase:
                visit = _begin(steps, request)
                return _end(visit, await get_response(request))

            return answer_later

        def answer(request: HttpRequest) -> HttpResponseBase:
            visit = _begin(steps, request)
            return _end(visit, get_response(request))

        return answer

    return middleware


def _begin(steps: Steps, request: HttpRequest) -> Generator[None, HttpResponseBase, HttpResponseBase]:
    visit = steps(request)
    next(visit)
    return visit


def _end(visit: Generator[None, HttpResponseBase, HttpResponseBase], response: HttpResponseBase) -> HttpResponseBase:
    try:
        visit.send(response)
    except StopIteration as finished:
        return finished.value  # type: ignore[no-any-return]
    raise RuntimeError("steps around a request yield once")
