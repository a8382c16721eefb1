"""`./run` as its users start it, and what of it is still alive."""

import contextlib
import os
import sys
from pathlib import Path

# What the suite's own servers were given must not reach those of the checkout.
OURS = ("DATABASE_URL", "REDIS_URL", "CHANNELS_", "CELERY_", "DJANGO_", "EMAIL_", "HELPDESK_", "LOG_FORMAT", "PORT")

NO_PROC = "processes are counted in /proc: run it on Linux, on Windows in WSL2"


def outside(**env: str) -> dict[str, str]:
    """The environment of somebody who has a checkout, and our packages."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    return {**kept, "VENV": sys.prefix, **env}


def stat(pid: str) -> list[str]:
    """State, parent, … start: what follows the name."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return []


def alive(pid: str) -> tuple[str, str] | None:
    fields = stat(pid)
    return (pid, fields[19]) if fields and fields[0] != "Z" else None


def descendants(root: int) -> set[str]:
    parents = {path.name: fields[1] for path in Path("/proc").glob("[0-9]*") if (fields := stat(path.name))}
    found = {str(root)}
    while grown := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= grown
    return found


def left(processes: set[tuple[str, str]]) -> set[tuple[str, str]]:
    return {process for process in processes if alive(process[0]) == process}
