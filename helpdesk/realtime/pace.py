"""How many frames a client may send."""

from collections import deque
from typing import Final

FRAMES: Final = 20
SECONDS: Final = 1.0


class Pace:
    def __init__(self) -> None:
        self._arrivals: deque[float] = deque(maxlen=FRAMES)

    def allows(self, now: float) -> bool:
        """Count one frame; false for the 21st within a second."""
        if len(self._arrivals) == FRAMES and now - self._arrivals[0] < SECONDS:
            return False
        self._arrivals.append(now)
        return True
