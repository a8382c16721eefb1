"""JSON in, within bounds: what passes here can be compared, stored and answered without surprise."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, Protocol

import orjson
from django.conf import settings
from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser

from helpdesk.core.integers import LARGEST_INTEGER

DEEPEST: Final = 32


class TooLarge(APIException):
    status_code = 413
    default_code = "too_large"


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class JSONParser(BaseParser):
    """An object, always: no endpoint takes anything else."""

    media_type = "application/json"

    def parse(
        self,
        stream: Readable,
        media_type: str | None = None,  # noqa: ARG002
        parser_context: Mapping[str, Any] | None = None,  # noqa: ARG002
    ) -> dict[str, Any]:
        limit = settings.API_MAX_BODY_BYTES
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise TooLarge(_("The body is larger than %(limit)d bytes.") % {"limit": limit})
        return loads(body)


def loads(body: bytes) -> dict[str, Any]:
    try:
        # Refuses NaN, invalid UTF-8, lone surrogates, and more than 1,024 levels.
        data = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ParseError(_("The body is not valid JSON.")) from error
    if not isinstance(data, dict):
        raise ParseError(_("The body must be a JSON object."))
    _check(data)
    return data


def _check(data: dict[str, Any]) -> None:
    # Level by level instead of recursively: the depth is the sender's choice.
    level: list[Any] = [data]
    for _depth in range(DEEPEST):
        level = [inner for value in level for inner in _inside(value)]
        if not level:
            return
    raise ParseError(_("The body is nested too deeply."))


def _inside(value: Any) -> Iterator[Any]:
    """The containers directly inside a container; everything else in it is checked."""
    if isinstance(value, dict):
        for key in value:
            _check_text(key)
        value = value.values()
    for item in value:
        if isinstance(item, str):
            _check_text(item)
        elif isinstance(item, int | float) and _is_beyond_64_bits(item):
            raise ParseError(_("A number is out of range."))
        elif isinstance(item, dict | list):
            yield item


def _is_beyond_64_bits(number: int | float) -> bool:  # noqa: PYI041 - the two differ here
    if isinstance(number, float):  # orjson reads an integer that is too large as one
        return abs(number) > LARGEST_INTEGER
    return not -LARGEST_INTEGER - 1 <= number <= LARGEST_INTEGER


def _check_text(text: str) -> None:
    if "\0" in text:
        raise ParseError(_("A text contains a NUL character."))
