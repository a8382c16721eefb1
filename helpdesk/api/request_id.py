"""Every request has a name, which its answer, its log lines and the tasks it causes carry."""

import re
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Final
from urllib.parse import quote
from uuid import uuid4

import structlog
from django.http import HttpRequest
from django.http.response import HttpResponseBase

HEADER: Final = "X-Request-ID"
# A client's own name is kept when no log or header can be broken by it.
SANE: Final = re.compile(r"[A-Za-z0-9._-]{1,128}")
PATH_LENGTH: Final = 300

_current: ContextVar[str] = ContextVar("request_id", default="")
log = structlog.get_logger("helpdesk.request")


def current_request_id() -> str:
    """The request that this code runs for; empty outside of one."""
    return _current.get()


def new_request_id() -> str:
    return uuid4().hex


class RequestIDMiddleware:
    """Names the request, and tells the log about it when it is over."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        wished = request.headers.get(HEADER, "")
        request_id = wished if SANE.fullmatch(wished) else new_request_id()
        _current.set(request_id)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        began = time.perf_counter()
        response = self.get_response(request)
        log.info(
            "request",
            method=request.method,
            # Never the query: it may carry a token. Quoted: a path may hold a line break.
            path=quote(request.path)[:PATH_LENGTH],
            status=response.status_code,
            ms=round((time.perf_counter() - began) * 1000, 1),
        )
        response.headers[HEADER] = request_id
        return response
