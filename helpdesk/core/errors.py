"""What the domain may answer instead of a result.

A subclass stands beside the operation that raises it and brings its own `code`. Which HTTP status a family gets is one
table in `api/errors.py`.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

from django.utils.functional import Promise


@dataclass(frozen=True)
class FieldError:
    """One field at fault; nested fields are dotted (`tags.0`)."""

    field: str
    code: str
    message: str | Promise


class DomainError(Exception):
    """A code for programs, a sentence for humans, and members that the problem body adds (`assigned_to`)."""

    code: ClassVar[str] = "error"
    # In how many seconds the same may succeed, where waiting helps.
    retry_after: ClassVar[int | None] = None

    def __init__(self, detail: str | Promise, *, errors: list[FieldError] | None = None, **extra: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = errors or []
        self.extra = extra


class Invalid(DomainError):
    code = "invalid"


class Unauthenticated(DomainError):
    code = "not_authenticated"


class Forbidden(DomainError):
    code = "permission_denied"


class NotFound(DomainError):
    code = "not_found"


class Conflict(DomainError):
    code = "conflict"


class PreconditionFailed(DomainError):
    """What the caller based the change on is not how it stands."""

    code = "precondition_failed"


class Unprocessable(DomainError):
    """Well said, but it contradicts what was said before."""

    code = "unprocessable"


class Gone(DomainError):
    code = "gone"


class Unavailable(DomainError):
    code = "unavailable"


class TooLarge(DomainError):
    code = "too_large"


class UnsupportedType(DomainError):
    """A body, or a file in it, of a kind that is not taken."""

    code = "unsupported_media_type"


class Throttled(DomainError):
    """`wait`: seconds until another try is worth it."""

    code = "throttled"

    def __init__(self, wait: float) -> None:
        super().__init__("")
        self.wait = wait
