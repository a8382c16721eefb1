"""The one shape of an error (RFC 9457, `application/problem+json`), and the sentences said in more than one place."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from django.http import HttpResponse
from django.utils.translation import gettext as _

from helpdesk.api.renderers import dumps
from helpdesk.api.request_id import HEADER, current_request_id, new_request_id
from helpdesk.core.errors import FieldError

MEDIA_TYPE: Final = "application/problem+json"
RETRY_AFTER: Final = 5  # seconds; a part that was down rarely takes longer to come back

# As RFC 9110 names them; the standard library's phrases change between Python versions.
TITLES: Final = {413: "Content Too Large", 422: "Unprocessable Content"}


@dataclass(frozen=True, kw_only=True)
class Problem:
    status: int
    code: str
    detail: str
    errors: Sequence[FieldError] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = {
            "type": "about:blank",
            "title": TITLES.get(self.status) or HTTPStatus(self.status).phrase,
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
            "request_id": current_request_id() or new_request_id(),
        }
        if self.errors:
            body["errors"] = [
                {"field": error.field, "code": error.code, "message": str(error.message)} for error in self.errors
            ]
        return body | {name: value for name, value in self.extra.items() if name not in body}

    def response(self) -> HttpResponse:
        body = self.body()
        return HttpResponse(
            dumps(body),
            status=self.status,
            content_type=MEDIA_TYPE,
            headers={"Cache-Control": "private, no-store", HEADER: body["request_id"], **self.headers},
        )


def bad_request() -> Problem:
    return Problem(status=400, code="bad_request", detail=_("The request cannot be understood."))


def forbidden() -> Problem:
    return Problem(status=403, code="permission_denied", detail=_("Your role may not do this."))


def not_found() -> Problem:
    """One sentence for every 404: what is missing and what is not yours must not differ by a byte."""
    return Problem(status=404, code="not_found", detail=_("Not found."))


def method_not_allowed() -> Problem:
    return Problem(status=405, code="method_not_allowed", detail=_("This method is not allowed here."))


def too_large() -> Problem:
    return Problem(status=413, code="too_large", detail=_("The body is too large."))


def unsupported_media_type() -> Problem:
    return Problem(status=415, code="unsupported_media_type", detail=_("Send application/json."))


def internal_error() -> Problem:
    return Problem(
        status=500,
        code="internal_error",
        detail=_("Something went wrong on our side. Name the request id when you report it."),
    )


def unavailable(**extra: Any) -> Problem:
    return Problem(
        status=503,
        code="unavailable",
        detail=_("A part of the service is down. Try again in a moment."),
        extra=extra,
        headers={"Retry-After": str(RETRY_AFTER)},
    )


STANDARD: Final[Mapping[int, Callable[[], Problem]]] = {
    400: bad_request,
    403: forbidden,
    404: not_found,
    405: method_not_allowed,
    413: too_large,
    415: unsupported_media_type,
    500: internal_error,
    503: unavailable,
}


def standard(status: int) -> Problem:
    """What can be said when nothing but the status is known."""
    known = STANDARD.get(status)
    return known() if known else Problem(status=status, code="error", detail=_("The request failed."))
