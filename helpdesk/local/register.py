"""Which processes a supervisor started: a later one ends what a killed one left.

The kernel ends them too (`kernel.die_with_parent`), but takes its time, and only on Linux.
"""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

_GRACE_SECONDS = 5.0


def add(data: Path, pid: int, stop_signal: int) -> None:
    with _file(data).open("a") as file:
        file.write(f"{pid} {stop_signal} {_started(pid)}\n")


def clear(data: Path) -> None:
    _file(data).unlink(missing_ok=True)


def end_leftovers(data: Path) -> int:
    """Ends what is still alive, and answers how many that were. Call it under the lock of the data."""
    left = {pid: started for pid, _, started in _entries(data) if _started(pid) == started}
    for pid, stop_signal, _ in _entries(data):
        if pid in left:
            _send(pid, stop_signal)
    deadline = time.monotonic() + _GRACE_SECONDS
    while alive := [pid for pid, started in left.items() if _started(pid) == started]:
        if time.monotonic() > deadline:
            for pid in alive:
                _send(pid, signal.SIGKILL)
        time.sleep(0.05)
    clear(data)
    return len(left)


def _file(data: Path) -> Path:
    return data / "processes"


def _entries(data: Path) -> list[tuple[int, int, str]]:
    """Pairs a pid with the time it began: pids are used again, above all in containers."""
    if not _file(data).exists():
        return []
    entries = []
    for line in _file(data).read_text().splitlines():
        fields = line.split(" ", 2)
        if len(fields) == 3 and fields[2]:  # noqa: PLR2004 - a killed supervisor may leave half a line
            entries.append((int(fields[0]), int(fields[1]), fields[2]))
    return entries


def _started(pid: int) -> str:
    """When the process began, in the system's own terms; empty when there is none. A zombie has ended."""
    if Path("/proc/self/stat").exists():
        with contextlib.suppress(OSError):
            # The name in parentheses may contain anything.
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            return "" if fields[0] == "Z" else fields[19]
        return ""
    answer = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return answer.stdout.strip()


def _send(pid: int, signal_number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal_number)
