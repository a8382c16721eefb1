"""Runs the work until it ends or a signal arrives, and stops every process whatever happened."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any

from .processes import Processes

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


async def until_stopped(work: Coroutine[None, None, int], processes: Processes) -> tuple[int, signal.Signals | None]:
    """Answers with the work's exit code, or with the signal that ended it."""
    loop = asyncio.get_running_loop()
    stopped_by: asyncio.Future[signal.Signals] = loop.create_future()

    def stop(number: signal.Signals) -> None:
        if not stopped_by.done():
            stopped_by.set_result(number)

    for number in _SIGNALS:
        if number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN:
            continue  # nohup
        loop.add_signal_handler(number, stop, number)
    task = asyncio.create_task(work)
    try:
        first: set[asyncio.Future[Any]] = {task, stopped_by}
        await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result(), None
        task.cancel()
        await asyncio.wait([task])
        return 128 + stopped_by.result(), stopped_by.result()
    finally:
        await processes.stop()
