"""The children: started with their output prefixed and logged, watched, and stopped in order."""

import asyncio
import collections
import contextlib
import os
import pwd
import shutil
import signal
import time
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from . import register
from .account import credentials
from .console import say
from .failure import Failure
from .kernel import die_with_parent
from .places import ROOT, Places

_TAIL = 15
_POLL_SECONDS = 0.05
# Stopping takes less than five seconds: the apps get at most this much of it, the services the rest.
_STOP_SECONDS = 4.5
_APP_SECONDS = 2.5
_KINDS = ("app", "service")
_LINE_LIMIT = 1024 * 1024


class Process:
    """One child. `kind` says when it is stopped: the apps before the services that they use."""

    def __init__(
        self, *, name: str, kind: str, child: asyncio.subprocess.Process, stop_signal: int, log: Path, quiet: bool
    ) -> None:
        self.name = name
        self.kind = kind
        self.log = log
        self._child = child
        self._stop_signal = stop_signal
        self._quiet = quiet
        self._tail: collections.deque[str] = collections.deque(maxlen=_TAIL)
        self._reading = asyncio.create_task(self._read())

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def running(self) -> bool:
        return self._child.returncode is None

    async def end(self) -> int:
        code = await self._child.wait()
        # A grandchild may hold the pipe open for longer than the child lives.
        await asyncio.wait([self._reading], timeout=1)
        return code

    def obituary(self) -> str:
        code = self._child.returncode or 0
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
        lines = [line for line in self._tail if line.strip()]
        headline = f"{self.name} {how}: {lines[-1].strip() if lines else 'it said nothing'} (whole log: {self.log})"
        return "\n".join([headline, *(f"  {line}" for line in lines[:-1])])

    def ask_to_stop(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._child.send_signal(self._stop_signal)

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._child.pid, signal.SIGKILL)

    async def _read(self) -> None:
        assert self._child.stdout is not None
        with self.log.open("ab", buffering=0) as log:
            while line := await _line(self._child.stdout):
                log.write(line)
                text = line.decode(errors="replace").rstrip()
                self._tail.append(text)
                if not self._quiet:
                    say(self.name, text)


class Processes:
    def __init__(self, places: Places, environment: Mapping[str, str]) -> None:
        self.environment = dict(environment)
        self._places = places
        self._all: list[Process] = []

    async def start(
        self,
        name: str,
        *command: str | Path,
        kind: str = "app",
        stop_signal: int = signal.SIGTERM,
        account: pwd.struct_passwd | None = None,
        quiet: bool = False,
        typed: str = "",
    ) -> Process:
        log = self._places.logs / f"{name}.log"
        if log.exists():
            log.replace(log.with_suffix(".log.1"))
        # A supervisor that was killed takes the services along, and a worker without its broker would linger.
        death_signal = signal.SIGKILL if kind == "app" else stop_signal
        child = await asyncio.create_subprocess_exec(
            *map(str, command),
            cwd="/" if account else ROOT,
            env=self.environment,
            stdin=PIPE if typed else DEVNULL,
            stdout=PIPE,
            stderr=STDOUT,
            limit=_LINE_LIMIT,
            # Its own session: Ctrl-C reaches the supervisor alone, which then stops everything in order.
            start_new_session=True,
            preexec_fn=die_with_parent(death_signal),
            **credentials(account),  # type: ignore[arg-type]
        )
        if child.stdin:
            child.stdin.write(typed.encode())
            child.stdin.close()
        register.add(self._places.data, child.pid, death_signal)
        process = Process(name=name, kind=kind, child=child, stop_signal=stop_signal, log=log, quiet=quiet)
        self._all.append(process)
        return process

    async def run(
        self, name: str, *command: str | Path, account: pwd.struct_passwd | None = None, typed: str = ""
    ) -> None:
        """To its end, in silence unless it fails."""
        process = await self.start(name, *command, account=account, quiet=True, typed=typed)
        code = await process.end()
        self._all.remove(process)
        if code != 0:
            raise Failure(process.obituary())

    async def until(self, probe: Callable[[], Awaitable[bool]], process: Process, *, seconds: float = 60) -> None:
        """Waits for the probe, which speaks for the process."""
        deadline = time.monotonic() + seconds
        while not await probe():
            if not process.running:
                await process.end()
                raise Failure(process.obituary())
            if time.monotonic() > deadline:
                raise Failure(f"{process.name} was not ready after {seconds:.0f} s (log: {process.log})")
            await asyncio.sleep(_POLL_SECONDS)

    async def first_death(self) -> Failure:
        """Nothing that was started ends by itself: whichever does has crashed."""
        ends = {asyncio.create_task(process.end()): process for process in self._all}
        try:
            done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in ends:
                task.cancel()
        return Failure(ends[done.pop()].obituary())

    async def stop(self) -> None:
        deadline = time.monotonic() + _STOP_SECONDS
        for kind in _KINDS:
            living = [process for process in self._all if process.kind == kind and process.running]
            seconds = deadline - time.monotonic()
            await _end_all(living, seconds=min(seconds, _APP_SECONDS) if kind == "app" else seconds)
        register.clear(self._places.data)
        shutil.rmtree(self._places.sockets, ignore_errors=True)


async def _end_all(processes: list[Process], *, seconds: float) -> None:
    if not processes:
        return
    for process in processes:
        process.ask_to_stop()
    ends = [asyncio.create_task(process.end()) for process in processes]
    await asyncio.wait(ends, timeout=seconds)
    for process in processes:
        # Also where the leader is gone: it may have left a grandchild in its group.
        process.kill()
    await asyncio.wait(ends, timeout=1)


async def _line(stream: asyncio.StreamReader) -> bytes:
    try:
        return await stream.readuntil()
    except asyncio.IncompleteReadError as end:
        return end.partial
    except asyncio.LimitOverrunError as overrun:
        return await stream.read(overrun.consumed)
