"""How thousands of sockets are ended so that they do not all come back in the same moment.

The reason of the close frame says when to come back. Simple clients do not read it, so the frames themselves are
spread, too: no faster than so many a second, but in bounded time.
"""

import random
from typing import Final

WAVE: Final = 50  # sockets closed at once
WAVE_SECONDS: Final = 0.1
LONGEST: Final = 5.0  # seconds for all waves together
COMING_BACK: Final = 200  # clients that a fresh process takes in a second
LATEST: Final = 30.0  # seconds that a client is asked to stay away at most


def pause(sockets: int) -> float:
    """Seconds between two waves of this many sockets."""
    return min(WAVE_SECONDS, LONGEST * WAVE / max(sockets, 1))


def hint(sockets: int) -> str:
    """The reason to close one of this many with: `retry_after=3.2`, in seconds."""
    seconds = random.uniform(0.1, min(1 + sockets / COMING_BACK, LATEST))  # noqa: S311 - it spreads, and hides nothing
    return f"retry_after={seconds:.1f}"
