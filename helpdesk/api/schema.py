"""How the API describes itself: what holds for every operation is said here, once."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, Final

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema as SpectacularAutoSchema
from drf_spectacular.utils import OpenApiExample, OpenApiResponse

from helpdesk.api import event_cursors, idempotency
from helpdesk.api.problems import MEDIA_TYPE, TITLES

SECOND_PREFIX: Final = "/api/v1/"
WRITES: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})

# What each error says most often; `code` tells which one it was.
USUAL: Final = {
    400: ("invalid", "Some fields are wrong."),
    401: ("not_authenticated", "Authentication credentials were not provided."),
    403: ("permission_denied", "Your role may not do this."),
    404: ("not_found", "Not found."),
    409: ("conflict", "The state it is in does not allow this."),
    410: ("gone", "This is not there any more."),
    412: ("precondition_failed", "Somebody has changed it meanwhile. Read it again."),
    413: ("too_large", "The body is larger than 1048576 bytes."),
    415: ("unsupported_media_type", "Send application/json."),
    422: ("idempotency_key_reused", "This key was used for another request. Take a new one."),
    429: ("throttled", "Too many requests. Try again in 12 seconds."),
    503: ("unavailable", "A part of the service is down. Try again in a moment."),
}
FIELD_AT_FAULT: Final = {"field": "title", "code": "blank", "message": "This field may not be blank."}
RETRIED: Final = frozenset({409, 429, 503})
NOT_MODIFIED: Final = 304
# What a client may say in headers: the address and the method tell where.
IDEMPOTENCY_KEY: Final[dict[str, Any]] = {
    "in": "header",
    "name": idempotency.HEADER,
    "description": (
        "Sent again with the same key and body within 24 hours, the request does nothing and gets its first answer "
        "again, with `Idempotent-Replayed: true`."
    ),
    "schema": {"type": "string", "pattern": idempotency.PATTERN},
}
_TAGS: Final = {"type": "string", "examples": ['"3"', '"3-8f14e45fceea167a5a36dedd4bea2543"']}
IF_MATCH: Final[dict[str, Any]] = {
    "in": "header",
    "name": "If-Match",
    "description": "An `ETag`: only if the version in it is still the row's; otherwise 412 and nothing is done.",
    "schema": _TAGS,
}
IF_NONE_MATCH: Final[dict[str, Any]] = {
    "in": "header",
    "name": "If-None-Match",
    "description": "An `ETag`: if the answer would still be the same, 304 in its place.",
    "schema": _TAGS,
}

PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "description": "RFC 9457. `code` is stable and for programs, `detail` is for people, in their language.",
    "required": ["type", "title", "status", "code", "detail", "request_id"],
    "properties": {
        "type": {"type": "string", "const": "about:blank"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "description": "Only where fields are at fault.",
            "items": {
                "type": "object",
                "required": ["field", "code", "message"],
                "properties": {
                    "field": {"type": "string", "description": "Nested fields are dotted: `tags.0`."},
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                },
            },
        },
    },
}
PROBLEM_REFERENCE: Final = {"$ref": "#/components/schemas/Problem"}
HEADERS: Final[dict[str, Any]] = {
    "X-Request-ID": {"schema": {"type": "string"}, "description": "Yours if you sent one."},
    "RateLimit-Policy": {"schema": {"type": "string", "examples": ['"user";q=100;w=60']}},
    "RateLimit": {
        "schema": {"type": "string", "examples": ['"user";r=98;t=41']},
        "description": "Requests that remain, and seconds until one more is free.",
    },
    "ETag": {"schema": _TAGS, "description": "The row's version, and a hash of this representation of it."},
    "Idempotent-Replayed": {
        "schema": {"type": "string", "const": "true"},
        "description": "This is the first answer to the same `Idempotency-Key`, once more.",
    },
    "Retry-After": {"schema": {"type": "integer", "minimum": 1}, "description": "Seconds."},
    event_cursors.HEADER: {
        "schema": {"type": "string", "examples": ["OTE4LjE3OTUxNjg5MjA"]},
        "description": "Read before the answer's data: `GET /api/events/?after=` this misses nothing that changes it.",
    },
}


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Whatever class authenticates here, it reads a bearer token."""

    target_class = "rest_framework.authentication.BaseAuthentication"
    match_subclasses = True
    priority = -1
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:  # noqa: ARG002
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


class AutoSchema(SpectacularAutoSchema):
    """Adds to each operation the errors that the conventions may answer it with."""

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        operation: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        responses = operation["responses"]
        if parameters := list(self._conventional_parameters()):
            operation["parameters"] = [*operation.get("parameters", []), *parameters]
        if IF_NONE_MATCH in parameters:
            responses[str(NOT_MODIFIED)] = {"description": ""}
        for status in self._problems(operation):
            responses.setdefault(str(status), {"$ref": f"#/components/responses/{_name(status)}"})
        for status, response in responses.items():
            if "$ref" in response:
                continue
            response["description"] = response["description"] or _title(int(status))
            response["headers"] = self._headers(int(status), operation) | response.get("headers", {})
            for media in response.get("content", {}).values():
                for example in media.get("examples", {}).values():
                    # The generator fills in every member of a page; this one only a capped count brings.
                    if "count_exact" in example["value"]:
                        del example["value"]["count_exact"]
        operation["responses"] = dict(sorted(responses.items()))
        return operation

    def _get_filter_parameters(self) -> list[dict[str, Any]]:
        # `?status=` of an empty form asks for nothing.
        parameters: list[dict[str, Any]] = super()._get_filter_parameters()  # type: ignore[no-untyped-call]
        return [parameter | {"allowEmptyValue": True} for parameter in parameters]

    def _conventional_parameters(self) -> Iterator[dict[str, Any]]:
        if self.method == "POST" and not self._is_public() and not self.path.startswith(f"/api/{idempotency.OUTSIDE}"):
            yield IDEMPOTENCY_KEY
        if self._is_versioned() and self.method == "GET":
            yield IF_NONE_MATCH
        # A new row has no version that somebody could have seen.
        if self._is_versioned() and self.method in WRITES and getattr(self.view, "action", None) != "create":
            yield IF_MATCH

    def _headers(self, status: int, operation: dict[str, Any]) -> dict[str, Any]:
        extra = []
        if status < HTTPStatus.BAD_REQUEST and status != HTTPStatus.NO_CONTENT and self._is_versioned():
            extra.append("ETag")
        if status < HTTPStatus.MULTIPLE_CHOICES and IDEMPOTENCY_KEY in operation.get("parameters", []):
            extra.append("Idempotent-Replayed")
        if status < HTTPStatus.BAD_REQUEST and self.method == "GET" and not self._is_public():
            extra.append(event_cursors.HEADER)
        return _headers(status, *extra)

    def _is_public(self) -> bool:
        return bool(getattr(self.view, "public", True))

    def _is_versioned(self) -> bool:
        return getattr(self.view, "action", None) in getattr(self.view, "versioned", ())

    def _problems(self, operation: dict[str, Any]) -> Iterator[int]:
        public = self._is_public()
        writes = self.method in WRITES
        parameters = operation.get("parameters", [])
        yield 400
        if writes or not public:
            yield 401
        if not public:
            yield 403
        if any(parameter["in"] == "path" or parameter["name"] == "page" for parameter in parameters):
            yield 404
        if writes and not public:
            yield 404
            yield 409
        if IF_MATCH in operation.get("parameters", []):
            yield 412
        if IDEMPOTENCY_KEY in operation.get("parameters", []):
            yield 422
        if "requestBody" in operation:
            yield 413
            yield 415
        if getattr(self.view, "limited", False):
            yield 429
        yield 503


def problem(status: int, code: str, detail: str, **extra: Any) -> dict[str, Any]:
    """A problem's body, as an example."""
    return {
        "type": "about:blank",
        "title": _title(status),
        "status": status,
        "code": code,
        "detail": detail,
        "request_id": "0d3fb4b2c8a94a0c8f3f0f5f8d4b4f0e",
        **extra,
    }


def refusals(*problems: dict[str, Any]) -> dict[tuple[int, str], OpenApiResponse]:
    """For `extend_schema(responses=…)`: the errors that an operation gives in words of its own."""
    by_status: dict[int, list[OpenApiExample]] = {}
    for body in problems:
        by_status.setdefault(body["status"], []).append(OpenApiExample(body["code"], value=body))
    return {
        (status, MEDIA_TYPE): OpenApiResponse(PROBLEM_REFERENCE, examples=examples)
        for status, examples in by_status.items()
    }


def _title(status: int) -> str:
    return TITLES.get(status) or HTTPStatus(status).phrase


def _name(status: int) -> str:
    return _title(status).replace(" ", "")


def _headers(status: int, *extra: str) -> dict[str, Any]:
    sometimes = {"Retry-After", "ETag", "Idempotent-Replayed", event_cursors.HEADER} - set(extra)
    names = [name for name in HEADERS if name not in sometimes or (name == "Retry-After" and status in RETRIED)]
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _usual_response(status: int) -> dict[str, Any]:
    extra: dict[str, Any] = {"errors": [FIELD_AT_FAULT]} if status == HTTPStatus.BAD_REQUEST else {}
    example = problem(status, *USUAL[status], **extra)
    content = {MEDIA_TYPE: {"schema": PROBLEM_REFERENCE, "example": example}}
    return {"description": _title(status), "headers": _headers(status), "content": content}


def each_route_once(endpoints: list[tuple[str, str, str, Any]]) -> list[tuple[str, str, str, Any]]:
    """`/api/v1/…` answers the same."""
    return [endpoint for endpoint in endpoints if not endpoint[0].startswith(SECOND_PREFIX)]


def components(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    result["components"].setdefault("schemas", {})["Problem"] = PROBLEM
    result["components"]["headers"] = HEADERS
    result["components"]["responses"] = {_name(status): _usual_response(status) for status in USUAL}
    return result
