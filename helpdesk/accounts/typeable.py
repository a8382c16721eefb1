"""Random texts that people read off a screen and type: no letter looks like another."""

import secrets
from typing import Final

ALPHABET: Final = "abcdefghijkmnpqrstuvwxyz23456789"  # 32 of them: five bits each


def typeable(*, groups: int, letters: int) -> str:
    """`k7fmp-x2n9d-…`"""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(letters)) for _ in range(groups))


def as_made(typed: str) -> str:
    """What somebody typed of one, in whichever case, with whatever between the groups; the groups are gone."""
    return "".join(letter for letter in typed.lower() if letter.isalnum())
