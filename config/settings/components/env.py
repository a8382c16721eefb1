"""The environment, read in one place: every component takes its values from here.

`X_FILE` names a file that holds `X`, as Docker's secrets do. What is wrong is gathered, so that a start that is refused
says all of it at once; no line repeats a value.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import environ

BASE_DIR = Path(__file__).resolve().parents[3]
# What PostgreSQL, and C, keep in an integer.
LARGEST: Final = 2**31 - 1
# How to get what is missing, where that is not for everybody to know.
_CURES: Final = {"DJANGO_SECRET_KEY": " Make one: python manage.py generate_secret_key"}
_BOOLEANS: Final = dict.fromkeys(("true", "yes", "on", "1"), True) | dict.fromkeys(("false", "no", "off", "0"), False)


class Env(environ.Env):
    """`environ.Env` casts. How it reads is our own: it takes a value that begins with `$` for another variable's name,
    and its FileAwareEnv keeps the file's last newline and says nothing of an empty file or of two values. There, a
    boolean that is none is false, and a blank after a comma belongs to what follows.
    """

    def __init__(self) -> None:
        super().__init__()
        self.problems: list[str] = []

    def get_value(self, var: str, cast: Any = None, default: Any = environ.Env.NOTSET, **_options: Any) -> Any:
        text = self._text(var)
        if not text and default is self.NOTSET and not os.environ.get(f"{var}_FILE"):
            cure = f"Give it a value, or name a file that holds it in {var}_FILE."
            self.problems.append(f"{var} is not set. {cure}{_CURES.get(var, '')}")
        # Compose gives an empty text for what nobody set.
        if not text:
            return "" if default is self.NOTSET else default
        try:
            return self.parse_value(text, cast)
        except ValueError:
            self.problems.append(f"{var} cannot be read. See what docs/reference/settings.md says of it.")
            return default

    @classmethod
    def parse_value(cls, value: str, cast: Any) -> Any:
        if cast is bool:
            return _BOOLEANS[one_of(*_BOOLEANS)(value.strip().lower())]
        if cast is list or isinstance(cast, list):
            parts = [part for part in map(str.strip, value.split(",")) if part]
            return [cast[0](part) for part in parts] if isinstance(cast, list) else parts
        return super().parse_value(value, cast)

    def _text(self, var: str) -> str | None:
        text, file = os.environ.get(var), os.environ.get(f"{var}_FILE")
        if not file:
            return text
        if text:
            self.problems.append(f"{var} and {var}_FILE are both set. Remove one of them.")
        # Not even the file's name is repeated: it may be the secret itself, given in the wrong place.
        try:
            content = Path(file).read_text(encoding="utf-8").removesuffix("\n").removesuffix("\r")
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or "it is no text"
            self.problems.append(f"{var}_FILE names a file that cannot be read: {why}.")
            return ""
        if not content:
            self.problems.append(f"{var}_FILE names an empty file.")
        return content


env = Env()


# What a value may be: each raises ValueError for another one.


def address(*schemes: str) -> Callable[[str], str]:
    """A URL that begins with one of these and can be taken apart."""

    def cast(text: str) -> str:
        one_of(*(f"{scheme}://" for scheme in schemes))("".join(text.partition("://")[:2]))
        _ = urlsplit(text).port
        return text

    return cast


def one_of(*words: str) -> Callable[[str], str]:
    def cast(text: str) -> str:
        if text not in words:
            raise ValueError
        return text

    return cast


def within(lowest: float, largest: float, number: type[int] | type[float] = int) -> Callable[[str], float]:
    def cast(text: str) -> float:
        found = number(text)
        # Said in this way round, it holds for "nan" too.
        if not lowest <= found <= largest:
            raise ValueError
        return found

    return cast


port = within(1, 65_535)


def host(text: str) -> str:
    """A name alone: with a scheme or a port it would match no request."""
    if "/" in text or (":" in text and not text.endswith("]")):
        raise ValueError
    return text
