"""How many frames a client may send."""

from collections import deque
from typing import Final

FRAMES: Final = 20
SECONDS: Final = 1.0


class Pace:
    def __init__(self, frames: int = FRAMES) -> None:
        self._frames = frames
        self._arrivals: deque[float] = deque(maxlen=frames)

    def allows(self, now: float) -> bool:
        """Count one frame; false for one too many within a second."""
        if len(self._arrivals) == self._frames and now - self._arrivals[0] < SECONDS:
            return False
        self._arrivals.append(now)
        return True
