"""The environment, read in one place: every component takes its values from here.

`X_FILE` names a file that holds `X`, as Docker's secrets do. What is wrong is gathered, so that a start that is refused
says all of it at once; no line repeats a value.
"""

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ

BASE_DIR = Path(__file__).resolve().parents[3]


class Env(environ.Env):
    """`environ.Env` casts. How it reads is our own: it takes a value that begins with `$` for another variable's name,
    and its FileAwareEnv keeps the file's last newline and says nothing of an empty file or of two values.
    """

    def __init__(self) -> None:
        super().__init__()
        self.problems: list[str] = []

    def get_value(self, var: str, cast: Any = None, default: Any = environ.Env.NOTSET, **_options: Any) -> Any:
        text = self._text(var)
        if not text and default is self.NOTSET and not os.environ.get(f"{var}_FILE"):
            self.problems.append(f"{var} is not set. Give it a value, or name a file that holds it in {var}_FILE.")
        if text is None:
            return "" if default is self.NOTSET else default
        try:
            return self.parse_value(text, cast)
        except ValueError:
            self.problems.append(f"{var} cannot be read. See what docs/reference/settings.md says of it.")
            return default

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


def address(text: str) -> str:
    """A URL that can be taken apart; raises ValueError for another."""
    _ = urlsplit(text).port
    return text
