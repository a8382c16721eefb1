"""What a look at one part of the system found."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class State(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "FAIL"


@dataclass(frozen=True)
class Finding:
    """One line: what is so and, where it is not good, how to cure it."""

    state: State
    said: str
    cure: str = ""


def ok(said: str) -> Finding:
    return Finding(State.OK, said)


def warn(said: str, cure: str) -> Finding:
    return Finding(State.WARN, said, cure)


def fail(said: str, cure: str) -> Finding:
    return Finding(State.FAIL, said, cure)


RANK: Final = {State.OK: 0, State.WARN: 1, State.FAIL: 2}
