"""How much is allowed, and what a request was told."""

import re
from dataclasses import dataclass
from functools import lru_cache
from math import ceil
from typing import Final

SECONDS: Final = {"s": 1, "sec": 1, "min": 60, "m": 60, "h": 3600, "hour": 3600}


@dataclass(frozen=True)
class Rate:
    """At most `limit` requests in any `window` seconds."""

    limit: int
    window: int

    @staticmethod
    @lru_cache
    def parse(text: str) -> "Rate":
        """`100/min`, `10/15min`; ValueError for what is none."""
        match = re.fullmatch(r"([1-9][0-9]{0,8})/([1-9][0-9]{0,3})?([a-z]+)", text)
        if match is None or match[3] not in SECONDS:
            raise ValueError(f"{text!r} is no rate; write it like 100/min or 10/15min (s, min, h).")
        return Rate(int(match[1]), int(match[2] or 1) * SECONDS[match[3]])


@dataclass(frozen=True)
class Verdict:
    """What the log said. `wait`: seconds until one more request is free, counted from the oldest one."""

    allowed: bool
    remaining: int
    wait: float

    @property
    def retry_after(self) -> int:
        return max(1, ceil(self.wait))
