"""Every exception becomes a problem, whoever raised it: the domain, DRF, Django or the database."""

import logging
import sys
from collections.abc import Callable
from http import HTTPStatus
from math import ceil
from typing import Any, Final

from django.core import exceptions as django_exceptions
from django.core.signals import got_request_exception
from django.db import DataError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.http.response import HttpResponseBase
from django.utils.translation import ngettext
from rest_framework import exceptions as drf
from rest_framework.fields import get_error_detail

from helpdesk.api import problems, validation
from helpdesk.api.problems import Problem
from helpdesk.core import errors as domain
from helpdesk.core.redis import RedisDown

log = logging.getLogger(__name__)

# The one place that knows which family of the domain is which status.
STATUSES: Final[dict[type[domain.DomainError], int]] = {
    domain.Invalid: 400,
    domain.Unauthenticated: 401,
    domain.Forbidden: 403,
    domain.NotFound: 404,
    domain.Conflict: 409,
    domain.Gone: 410,
    domain.PreconditionFailed: 412,
    domain.Unprocessable: 422,
    domain.TooLarge: 413,
    domain.UnsupportedType: 415,
    domain.Throttled: 429,
    domain.Unavailable: 503,
}


# What a family's problems carry besides.
HEADERS: Final[dict[int, dict[str, str]]] = {
    401: {"WWW-Authenticate": "Bearer"},
    503: {"Retry-After": str(problems.RETRY_AFTER)},
}


def _from_domain(error: domain.DomainError) -> Problem:
    status = next(STATUSES[family] for family in type(error).__mro__ if family in STATUSES)
    if status == HTTPStatus.NOT_FOUND:
        return problems.not_found()
    return Problem(
        status=status,
        code=error.code,
        detail=str(error.detail),
        errors=error.errors,
        extra=error.extra,
        headers={"Retry-After": str(error.retry_after)} if error.retry_after else HEADERS.get(status, {}),
    )


def _from_refusal(error: drf.NotAuthenticated | drf.AuthenticationFailed) -> Problem:
    # Always 401: DRF makes it 403 where a view, such as log-in, authenticates nobody.
    code, detail = _code_and_detail(error)
    return Problem(status=401, code=code, detail=detail, headers=HEADERS[401])


def _from_throttled(error: drf.Throttled | domain.Throttled) -> Problem:
    seconds = max(1, ceil(getattr(error, "wait", None) or 1))
    detail = ngettext(
        "Too many requests. Try again in %(seconds)d second.",
        "Too many requests. Try again in %(seconds)d seconds.",
        seconds,
    )
    return Problem(
        status=429,
        code="throttled",
        detail=detail % {"seconds": seconds},
        headers={"Retry-After": str(seconds)},
    )


def _from_drf(error: drf.APIException) -> Problem:
    code, detail = _code_and_detail(error)
    return Problem(status=error.status_code, code=code, detail=detail)


def _from_bad_value(error: DataError) -> Problem:
    # No check of ours refused it, PostgreSQL did: 400 to the client, and a line for us.
    log.error("a value reached the database unchecked", exc_info=error)
    return problems.bad_request()


# The first family that fits.
PROBLEMS: Final[tuple[tuple[type[BaseException], Callable[[Any], Problem]], ...]] = (
    (domain.Throttled, _from_throttled),
    (domain.DomainError, _from_domain),
    (drf.ValidationError, validation.problem),
    (drf.NotAuthenticated, _from_refusal),
    (drf.AuthenticationFailed, _from_refusal),
    (drf.PermissionDenied, lambda _: problems.forbidden()),
    (drf.NotFound, lambda _: problems.not_found()),
    (drf.Throttled, _from_throttled),
    (drf.APIException, _from_drf),
    (Http404, lambda _: problems.not_found()),
    (django_exceptions.PermissionDenied, lambda _: problems.forbidden()),
    (django_exceptions.ValidationError, lambda e: validation.problem(drf.ValidationError(get_error_detail(e)))),
    (django_exceptions.RequestDataTooBig, lambda _: problems.too_large()),
    (django_exceptions.TooManyFilesSent, lambda _: problems.too_large()),
    (django_exceptions.SuspiciousOperation, lambda _: problems.bad_request()),
    (django_exceptions.BadRequest, lambda _: problems.bad_request()),
    (MultiPartParserError, lambda _: problems.bad_request()),
    (OperationalError, lambda _: problems.unavailable()),
    (InterfaceError, lambda _: problems.unavailable()),
    (RedisDown, lambda _: problems.unavailable()),
    (DataError, _from_bad_value),
)


def problem_for(error: BaseException | None) -> Problem | None:
    """None for what nobody foresaw."""
    for family, translate in PROBLEMS:
        if isinstance(error, family):
            return translate(error)
    return None


def _code_and_detail(error: drf.APIException) -> tuple[str, str]:
    return str(getattr(error.detail, "code", error.default_code)), str(error.detail)


def exception_handler(error: Exception, context: dict[str, Any]) -> HttpResponse:
    """DRF's: every exception out of one of our views."""
    problem = problem_for(error)
    if problem is None:
        log.error("unexpected error", exc_info=error)
        got_request_exception.send(sender=None, request=context["request"])
        problem = problems.internal_error()
    elif problem.status == HTTPStatus.SERVICE_UNAVAILABLE:
        log.warning("a part is down: %s: %s", type(error).__name__, error)
    return problem.response()


def handler400(_request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return (problem_for(exception) or problems.bad_request()).response()


def handler403(_request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    return problems.forbidden().response()


def handler404(_request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    return problems.not_found().response()


def handler500(_request: HttpRequest) -> HttpResponse:
    """What was raised outside our views; Django has logged it."""
    return (problem_for(sys.exc_info()[1]) or problems.internal_error()).response()


# Those of the body that is replaced; every other header stays (Allow, Vary, …).
OF_THE_BODY: Final = frozenset({"Content-Type", "Content-Length", "Content-Disposition"})


class ProblemMiddleware:
    """The net below: what Django answers by itself (a plain view's 405, its pages for developers)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.status_code < HTTPStatus.BAD_REQUEST or response.headers.get("Content-Type") == problems.MEDIA_TYPE:
            return response
        problem = problems.standard(response.status_code).response()
        for name, value in response.headers.items():
            if name not in OF_THE_BODY:
                problem.headers.setdefault(name, value)
        return problem
