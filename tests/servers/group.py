"""Servers that belong together: one directory, one Valkey, one mail sink, one database."""

import os
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest

from tests import canaries
from tests.servers.process import Server
from tests.servers.programs import Beat, Daphne, Valkey, Worker
from tests.servers.sink import Smtp

S = TypeVar("S", bound=Server)

# Coverage follows into the servers; only those that end by themselves report it.
MEASURED = "COVERAGE_PROCESS_CONFIG" in os.environ


class Servers:
    """Starts servers on one directory, one Valkey and one mail sink, and ends them all."""

    def __init__(self, database_url: str) -> None:
        # Short, since the path of a Unix socket holds 107 bytes.
        self.directory = Path(tempfile.mkdtemp(prefix="hd-"))
        self.smtp = Smtp()
        self.valkey = Valkey(self.directory)
        self.env = {
            **self.valkey.urls,
            **self.smtp.env,
            "DATABASE_URL": database_url,
            "LIST_CACHE_SECONDS": "300",
            "PYTHONUNBUFFERED": "1",
            # The same program is started dozens of times: compiling it once is enough.
            "PYTHONDONTWRITEBYTECODE": "",
        }
        self._started: list[Server] = []

    def daphne(self, application: str = "config.asgi:application", **env: str) -> Daphne:
        return self._launched(Daphne(application, env=self.env, directory=self.directory), env)

    def worker(self, queues: str = "celery,mail", **env: str) -> Worker:
        return self._launched(Worker(self.valkey, queues=queues, env=self.env, directory=self.directory), env)

    def beat(self, **env: str) -> Beat:
        return self._launched(Beat(env=self.env, directory=self.directory), env)

    def end(self) -> None:
        asked = [server for server in self._started if MEASURED and server.is_running()]
        for server in asked:
            server.terminate()
        deadline = time.monotonic() + 5
        for server in asked:
            server.end_within(max(deadline - time.monotonic(), 0))
        for server in self._started:
            server.kill()
            # Shown where a test failed.
            print(f"--- {server.name}\n{server.output()[-4000:]}")
        told = [line for server in self._started for line in canaries.leaks(server.output(), server.env)]
        self.valkey.kill()
        self.smtp.stop()
        shutil.rmtree(self.directory, ignore_errors=True)
        if told:
            pytest.fail("a server wrote a secret into its log:\n" + "\n".join(told))

    def _launched(self, server: S, env: dict[str, str]) -> S:
        self._started.append(server)
        server.launch(**env)
        return server


@dataclass
class Desk:
    """The whole service."""

    valkey: Valkey
    smtp: Smtp
    daphne: Daphne
    worker: Worker
    beat: Beat

    @property
    def base_url(self) -> str:
        return self.daphne.base_url

    @property
    def ws_url(self) -> str:
        return self.daphne.ws_url
