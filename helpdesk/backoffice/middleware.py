"""What only pages need. Sessions, messages and error pages would cost every request of the API more than its work."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

import orjson
from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import translation
from django.utils.deprecation import MiddlewareMixin

from helpdesk.api import problems
from helpdesk.api.errors import OF_THE_BODY

# Alpine, which the pages are made with, evaluates the expressions in their attributes; the colours of the theme are a
# <style>. Nothing comes from, or goes to, a foreign host.
POLICY: Final = (
    "default-src 'self'; script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


class AdminMiddleware:
    """Sends a request below `ADMIN_PATH` through what pages need, and every other one past it."""

    sync_capable = async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.elsewhere = get_response
        signed_in = SessionMiddleware(AuthenticationMiddleware(MessageMiddleware(get_response)))
        # A session that ends while it is being used raises when it is saved.
        self.below = Pages(convert_exception_to_response(signed_in))
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        here = request.path_info.startswith(settings.ADMIN_PATH)
        return self.below(request) if here else self.elsewhere(request)


class Pages(MiddlewareMixin):
    """People read these answers: a problem becomes a page, and the browser is told what a page may load."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if isinstance(response, HttpResponse) and response.headers.get("Content-Type") == problems.MEDIA_TYPE:
            response = _page(request, response)
        # A file says that it runs nothing at all.
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response


def _page(request: HttpRequest, answer: HttpResponse) -> HttpResponse:
    with translation.override(translation.get_language_from_request(request)):
        page = render(request, "backoffice/error.html", orjson.loads(answer.content), status=answer.status_code)
    for name, value in answer.headers.items():
        if name not in OF_THE_BODY:
            page.headers[name] = value
    return page
