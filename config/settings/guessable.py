"""Secrets that somebody else could know."""

import re
from typing import Final

from helpdesk.core.secret_key import SHORTEST

# 50 random digits hold at least eight different ones; a word that is typed again and again does not.
_FEWEST_DIFFERENT: Final = 8
# How examples say that something else belongs there. Too long for a random text to hold one.
_PLACEHOLDERS: Final = re.compile(
    "changeme|changethis|replaceme|replacethis|placeholder|example|insecure|secretkey|password"
)
# What stands in the files for one's own machine, and what is tried first everywhere.
_WELL_KNOWN: Final = frozenset({"helpdesk", "testpass123", "postgres", "redis", "guest", "admin", "root", "123456"})


def guessable_key(key: str) -> bool:
    return len(key) < SHORTEST or len(set(key)) < _FEWEST_DIFFERENT or guessable_password(key)


def guessable_password(password: str) -> bool:
    lowered = password.lower()
    return lowered in _WELL_KNOWN or bool(_PLACEHOLDERS.search(re.sub("[^a-z]", "", lowered)))
