"""Query strings within the same bounds as bodies."""

import re
from typing import Final
from urllib.parse import unquote_to_bytes

from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError

from helpdesk.core.integers import LARGEST_INTEGER

INTEGER: Final = re.compile(r"[+-]?[0-9]{19,}")


def check(query_string: str, *, texts: frozenset[str]) -> None:
    """`texts`: the parameters that are free text, in which a long number is only words. Raises ParseError."""
    try:
        decoded = unquote_to_bytes(query_string.replace("+", " ")).decode()
    except UnicodeError as error:
        raise ParseError(_("The query is not valid UTF-8.")) from error
    if "\0" in decoded:
        raise ParseError(_("The query contains a NUL character."))
    if not INTEGER.search(decoded):
        return
    for pair in query_string.split("&"):
        name, _equals, value = pair.partition("=")
        for part in unquote_to_bytes(value).decode().split(","):
            if name not in texts and INTEGER.fullmatch(part) and _is_beyond_64_bits(part):
                raise ParseError(_("A number is out of range."))


def _is_beyond_64_bits(number: str) -> bool:
    digits = number.lstrip("+-0")[:20]  # int() reads no more than 4,300, zeros in front included
    return int(digits or 0) > LARGEST_INTEGER + number.startswith("-")
