"""A command that has the terminal: its output unchanged, its exit code ours."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Mapping, Sequence

from .kernel import die_with_parent
from .places import ROOT

_GRACE_SECONDS = 5.0


async def in_foreground(command: Sequence[str], environment: Mapping[str, str]) -> int:
    child = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, env=dict(environment), preexec_fn=die_with_parent(signal.SIGINT)
    )
    try:
        return await child.wait()
    except asyncio.CancelledError:
        # A terminal has told the whole group already, and twice would cut the command's own tidying short.
        if not _terminal_is_ours():
            with contextlib.suppress(ProcessLookupError):
                child.send_signal(signal.SIGINT)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(child.wait(), _GRACE_SECONDS)
        raise
    finally:
        if child.returncode is None:
            child.kill()


def _terminal_is_ours() -> bool:
    try:
        return os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    except OSError:
        return False
