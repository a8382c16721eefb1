"""The key that signs tokens: how long it must be, and a new one.

Standard library only: settings are judged with it.
"""

import secrets
from typing import Final

SHORTEST: Final = 50
LONGEST: Final = 1000
USUAL: Final = 64


def new_key(length: int = USUAL) -> str:
    """Letters, digits, `-` and `_`: it needs no quotes in a shell, a URL or an environment file."""
    return secrets.token_urlsafe(length)[:length]
