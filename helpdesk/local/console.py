"""Prefixed lines on the error stream. Standard output belongs to the READY line, for scripts."""

import contextlib
import os
import select
import sys

_COLOURS = {
    "up": 36,
    "web": 32,
    "worker": 35,
    "mailer": 35,
    "beat": 34,
    "mail": 33,
}
_ERROR = 31
_WIDTH = 10
# A pipe that select calls writable takes this much without blocking (POSIX: PIPE_BUF is at least 512).
_CHUNK = select.PIPE_BUF

_patience_ms = 200


def say(name: str, text: str, *, error: bool = False) -> None:
    prefix = f"{name:<{_WIDTH}}|"
    if sys.stderr.isatty() and "NO_COLOR" not in os.environ:
        prefix = f"\033[{_ERROR if error else _COLOURS.get(name, 36)}m{prefix}\033[0m"
    for line in text.splitlines() or [""]:
        _write(f"{prefix} {line}\n".encode(errors="replace"))


def say_error(name: str, text: str) -> None:
    say(name, f"ERROR {text}", error=True)


def say_plain(text: str) -> None:
    """Without a prefix: something to be copied."""
    _write(f"{text}\n".encode(errors="replace"))


def answer(text: str) -> None:
    """What a script waits for, alone on a line of standard output."""
    with contextlib.suppress(OSError):
        print(text, flush=True)


def _write(data: bytes) -> None:
    """Drops what nobody reads: a full pipe must not stop the supervisor from stopping its servers."""
    global _patience_ms
    descriptor = sys.stderr.fileno()
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    for start in range(0, len(data), _CHUNK):
        if not poll.poll(_patience_ms):
            _patience_ms = 0
            return
        _patience_ms = 200
        with contextlib.suppress(OSError):
            os.write(descriptor, data[start : start + _CHUNK])
