"""One server process: started, asked, frozen, ended. And how to wait for what it does."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

T = TypeVar("T")

ROOT = Path(__file__).resolve().parents[2]
HOST = "127.0.0.1"

# Asks the kernel to end the program with its parent, and becomes the program. (A preexec_fn would run between fork
# and exec of a process that has threads.)
LAUNCH = """
import ctypes, os, sys
if sys.platform.startswith("linux"):
    ctypes.CDLL(None).prctl(1, 9)
os.execv(sys.argv[1], sys.argv[1:])
"""


def eventually(check: Callable[[], T], *, seconds: float = 15) -> T:
    """The first true answer of `check`; fails the test after so many seconds."""
    deadline = time.monotonic() + seconds
    while True:
        if answer := check():
            return answer
        if time.monotonic() > deadline:
            pytest.fail(f"still {answer!r} after {seconds} s")
        time.sleep(0.02)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port


class Server(ABC):
    """One process, from its start to its end. Extra environment given to `start` or `restart` stays."""

    def __init__(self, name: str, *command: str, env: dict[str, str], directory: Path) -> None:
        self.name = name
        self.command = command
        self.env = env
        self.log = directory / f"{name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def is_ready(self) -> bool:
        """Whether it can be used by now; asked again and again until it can."""

    @property
    def pid(self) -> int:
        assert self._process is not None, f"{self.name} does not run"
        return self._process.pid

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self, **env: str) -> None:
        self.launch(**env)
        self.wait_until_ready()

    def launch(self, **env: str) -> None:
        """Start it without waiting for it, so that several can begin at once."""
        self.env = {**self.env, **env}
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-S", "-c", LAUNCH, *self.command],
                cwd=ROOT,
                env={**os.environ, **self.env},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def wait_until_ready(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + 60
        while not self.is_ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"{self.name} did not start:\n{self.output()[-4000:]}")
            time.sleep(0.02)

    def restart(self, **env: str) -> None:
        self.kill()
        self.start(**env)

    def stop(self, *, seconds: float = 10) -> int:
        """Ask it to end, and answer with how it did; SIGKILL after so many seconds."""
        self.terminate()
        return self.end_within(seconds)

    def terminate(self) -> None:
        """Ask it to end without waiting for it, so that several can end at once."""
        assert self._process is not None
        self.thaw()
        self._process.terminate()

    def end_within(self, seconds: float) -> int:
        assert self._process is not None
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
        return self.kill()

    def kill(self) -> int:
        """SIGKILL, for it and its children at once."""
        if self._process is None:
            return 0
        self._signal(signal.SIGKILL)
        code = self._process.wait(10)
        self._process = None
        return code

    def wait(self, *, seconds: float = 10) -> int:
        """Until it ended by itself; answers with how it did."""
        assert self._process is not None
        code = self._process.wait(seconds)
        self.kill()
        return code

    def freeze(self) -> None:
        """It is there, and does not answer: what a hung server looks like from outside."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def output(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)
