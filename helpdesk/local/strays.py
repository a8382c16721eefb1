"""What a killed test left running: it was adopted, so it is found among our descendants."""

import contextlib
import os
import signal
import time
from pathlib import Path

_GRACE_SECONDS = 2.0


def end_strays() -> None:
    """Call it when nothing of our own runs any more."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        deadline = time.monotonic() + _GRACE_SECONDS
        asked: set[int] = set()
        while strays := _descendants(os.getpid()):
            for pid in strays - asked:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, number)
            asked |= strays
            if time.monotonic() > deadline:
                break
            time.sleep(0.02)


def _descendants(ancestor: int) -> set[int]:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    parents = dict(_parents())
    found: set[int] = set()
    grown = {ancestor}
    while grown:
        grown = {pid for pid, parent in parents.items() if parent in grown} - found
        found |= grown
    return found


def _parents() -> list[tuple[int, int]]:
    pairs = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # The name in parentheses may contain anything.
            pairs.append((int(stat.parent.name), int(stat.read_text().rpartition(")")[2].split()[1])))
    return pairs
