"""A username for somebody who did not choose one."""

import re
import secrets
import unicodedata
from collections.abc import Iterator
from typing import Final

FALLBACK: Final = "customer"
LONGEST: Final = 40
# How many other names are tried; each is one of 16 million.
TRIES: Final = 5


def suggestions(name: str) -> Iterator[str]:
    """`ada.lovelace`, then `ada.lovelace-4f9a1c` and so on.

    Of the name, which others see anyway, and never of the e-mail address, which they do not. Plain ASCII: no name
    looks like somebody else's.
    """
    base = _plain(name) or FALLBACK
    yield base
    for _try in range(TRIES):
        yield f"{base}-{secrets.token_hex(3)}"


def _plain(name: str) -> str:
    ascii_only = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return ".".join(re.findall(r"[a-z0-9]+", ascii_only))[:LONGEST].strip(".")
