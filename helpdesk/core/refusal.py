"""Not starting, in words for the person who started it: no traceback, and never the value of a secret."""

import sys
from collections.abc import Iterable


def refuse(problems: Iterable[str]) -> None:
    """Ends the process, each problem in a line on standard error; goes on where there is none."""
    lines = [f"Refused to start: {problem}" for problem in dict.fromkeys(problems)]
    if lines:
        # The stream itself: a worker of Celery has put its log in the place of `sys.stderr`.
        print(*lines, sep="\n", file=sys.__stderr__, flush=True)
        sys.exit(1)
