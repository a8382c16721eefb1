"""`Range: bytes=…` (RFC 9110): one part of a file, for who goes on with a download. Several at once get the whole."""

import re
from dataclasses import dataclass
from typing import Final

_ONE: Final = re.compile(r"bytes=[ \t]*(?P<first>\d{0,19})-(?P<last>\d{0,19})[ \t]*", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True)
class Span:
    """From the byte `first`, `length` of them, of `size`."""

    first: int
    length: int
    size: int

    @property
    def is_whole(self) -> bool:
        return self.length == self.size

    @property
    def content_range(self) -> str:
        return f"bytes {self.first}-{self.first + self.length - 1}/{self.size}"


class NotSatisfiable(Exception):
    """Nothing of the file is in what was asked for."""


def span_of(header: str, *, size: int) -> Span | None:
    """What is asked for; None if it is the whole, or nothing that this header may say."""
    asked = _ONE.fullmatch(header.strip())
    if asked is None or not (asked["first"] or asked["last"]):
        return None
    if not asked["first"]:
        length = min(int(asked["last"]), size)
        if length == 0:
            raise NotSatisfiable
        return Span(size - length, length, size)
    first = int(asked["first"])
    last = min(int(asked["last"] or size - 1), size - 1)
    if asked["last"] and int(asked["last"]) < first:
        return None
    if first >= size:
        raise NotSatisfiable
    return Span(first, last - first + 1, size)
