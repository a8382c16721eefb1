"""How the API describes itself: what holds for every operation is said here, once."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, Final

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema as SpectacularAutoSchema

from helpdesk.api.problems import MEDIA_TYPE, TITLES

SECOND_PREFIX: Final = "/api/v1/"
WRITES: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})

# What each error is called most often; `code` says which one it was.
CODES: Final = {
    400: "invalid",
    401: "not_authenticated",
    403: "permission_denied",
    404: "not_found",
    409: "conflict",
    410: "gone",
    413: "too_large",
    415: "unsupported_media_type",
    429: "throttled",
    503: "unavailable",
}
RETRIED: Final = frozenset({429, 503})

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
HEADERS: Final[dict[str, Any]] = {
    "X-Request-ID": {"schema": {"type": "string"}, "description": "Yours if you sent one."},
    "RateLimit-Policy": {"schema": {"type": "string", "examples": ['"user";q=100;w=60']}},
    "RateLimit": {
        "schema": {"type": "string", "examples": ['"user";r=98;t=41']},
        "description": "Requests that remain, and seconds until one more is free.",
    },
    "Retry-After": {"schema": {"type": "integer", "minimum": 1}, "description": "Seconds."},
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
        limited = getattr(self.view, "limited", False)
        common = ["X-Request-ID", *(["RateLimit-Policy", "RateLimit"] if limited else [])]
        responses = operation["responses"]
        for status in self._problems(operation):
            responses.setdefault(str(status), {})
        for status, response in responses.items():
            names = [*common, *(["Retry-After"] if int(status) in RETRIED else [])]
            response["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in names} | response.get(
                "headers", {}
            )
            if int(status) >= HTTPStatus.BAD_REQUEST:
                response["description"] = _title(int(status))
                response["content"] = {MEDIA_TYPE: _problem(int(status))}
        operation["responses"] = dict(sorted(responses.items()))
        return operation

    def _problems(self, operation: dict[str, Any]) -> Iterator[int]:
        public = getattr(self.view, "public", True)
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
        if "requestBody" in operation:
            yield 413
            yield 415
        if getattr(self.view, "limited", False):
            yield 429
        yield 503


def _title(status: int) -> str:
    return TITLES.get(status) or HTTPStatus(status).phrase


def _problem(status: int) -> dict[str, Any]:
    example = {
        "type": "about:blank",
        "title": _title(status),
        "status": status,
        "code": CODES.get(status, "error"),
        "detail": _title(status),
        "request_id": "0d3fb4b2c8a94a0c8f3f0f5f8d4b4f0e",
    }
    return {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}


def each_route_once(endpoints: list[tuple[str, str, str, Any]]) -> list[tuple[str, str, str, Any]]:
    """`/api/v1/…` answers the same."""
    return [endpoint for endpoint in endpoints if not endpoint[0].startswith(SECOND_PREFIX)]


def components(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    result["components"].setdefault("schemas", {})["Problem"] = PROBLEM
    result["components"]["headers"] = HEADERS
    return result
