"""DRF's nested validation errors, told one by one under dotted names."""

from collections.abc import Iterator
from typing import Any, Final

from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError

from helpdesk.api.problems import Problem
from helpdesk.core.errors import FieldError

NON_FIELD: Final = "non_field_errors"


def problem(error: ValidationError) -> Problem:
    """Fields at fault are listed; a fault of the whole body is the detail itself."""
    errors = list(_flat(error.detail))
    whole = [item for item in errors if item.field in ("", NON_FIELD)]
    if whole and len(whole) == len(errors):
        return Problem(status=400, code=whole[0].code, detail=" ".join(str(item.message) for item in whole))
    return Problem(status=400, code="invalid", detail=_("Some fields are wrong."), errors=errors)


def _flat(detail: Any, path: str = "") -> Iterator[FieldError]:
    if isinstance(detail, dict):
        for key, inner in detail.items():
            # What is wrong with a nested object as a whole is wrong with the field that holds it.
            yield from _flat(inner, path if key == NON_FIELD and path else _dotted(path, key))
    elif isinstance(detail, list):
        for index, inner in enumerate(detail):
            # A list of texts is about this field, a list of dicts about its items.
            yield from _flat(inner, _dotted(path, index) if isinstance(inner, dict | list) else path)
    else:
        yield FieldError(path, getattr(detail, "code", None) or "invalid", str(detail))


def _dotted(path: str, key: object) -> str:
    return f"{path}.{key}" if path else str(key)
