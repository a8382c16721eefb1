"""Routes: the ids in them, and a router that speaks both prefixes."""

from typing import Final
from uuid import UUID

from django.urls import register_converter
from rest_framework.routers import SimpleRouter

from helpdesk.core.integers import LARGEST_INTEGER

NO_ROW: Final = 0  # ids begin at 1
NO_KEY: Final = UUID(int=0)  # and keys are random


class RowId:
    """`<id:pk>`. What can be no id (`abc`, `-1`, 10**30) is read as the id of no row.

    So it takes the same way as an id that does not exist: 401, 429 and 405 come first, and the same 404 after.
    """

    regex = "[^/]+"

    def to_python(self, value: str) -> int:
        if not (value.isascii() and value.isdecimal() and len(value) <= len(str(LARGEST_INTEGER))):
            return NO_ROW
        number = int(value)
        return number if number <= LARGEST_INTEGER else NO_ROW

    def to_url(self, value: int | str) -> str:
        return str(value)


class RowKey:
    """`<key:pk>`, for rows whose id is a UUID: likewise, what is none is the key of no row."""

    regex = "[^/]+"

    def to_python(self, value: str) -> UUID:
        try:
            key = UUID(value)
        except ValueError:
            return NO_KEY
        # Written in one way only, not in braces or without its dashes.
        return key if str(key) == value.lower() else NO_KEY

    def to_url(self, value: UUID | str) -> str:
        return str(value)


register_converter(RowId, "id")
register_converter(RowKey, "key")


class Router(SimpleRouter):
    """Viewsets under their names, with ids as RowId reads them."""

    def __init__(self) -> None:
        super().__init__(use_regex_path=False)
