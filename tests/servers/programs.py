"""The programs of the product: how each is called, and how it shows that it is ready."""

import contextlib
import http.client
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import redis

from tests.servers.process import HOST, Server, free_port


class Valkey(Server):
    """Keeps nothing on disk: stopping it loses everything, as the worst outage would."""

    def __init__(self, directory: Path) -> None:
        self.socket = directory / "valkey.sock"
        arguments = ("--port", "0", "--unixsocket", str(self.socket), "--save", "", "--dir", str(directory))
        super().__init__("valkey", _valkey_binary(), *arguments, env={}, directory=directory)

    @property
    def urls(self) -> dict[str, str]:
        return {
            "REDIS_URL": f"unix://{self.socket}?db=0",
            "CHANNELS_REDIS_URL": f"unix://{self.socket}?db=1",
            "CELERY_BROKER_URL": f"redis+socket://{self.socket}?virtual_host=2",
        }

    @contextlib.contextmanager
    def client(self, db: int = 0) -> Iterator[redis.Redis]:
        connection = redis.Redis(unix_socket_path=str(self.socket), db=db)
        try:
            yield connection
        finally:
            connection.close()

    def is_ready(self) -> bool:
        with self.client() as client, contextlib.suppress(redis.RedisError):
            return bool(client.ping())
        return False

    def consumers(self) -> set[str]:
        """The connections of the workers that wait for a task right now."""
        with self.client() as client:
            return {connection["id"] for connection in client.client_list() if connection["cmd"] == "brpop"}


def _valkey_binary() -> str:
    if given := os.environ.get("HELPDESK_VALKEY_SERVER"):
        return given
    from helpdesk.local.binaries import valkey_binary

    return str(valkey_binary())


class Daphne(Server):
    def __init__(self, application: str = "config.asgi:application", *, env: dict[str, str], directory: Path) -> None:
        self.port = free_port()
        self.base_url = f"http://{HOST}:{self.port}"
        self.ws_url = f"ws://{HOST}:{self.port}"
        listening = ("--bind", HOST, "--port", str(self.port))
        # As ./run starts it.
        sockets = ("--websocket_timeout", "-1", "--websocket-max-message-size", str(1024 * 1024))
        command = _python("helpdesk.edge", *listening, *sockets, application)
        super().__init__(f"daphne-{self.port}", *command, env=env, directory=directory)

    def is_ready(self) -> bool:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            connection.getresponse().read()
        except OSError:
            return False
        else:
            return True
        finally:
            connection.close()


class Worker(Server):
    """Works on all queues, unless it is given one: `./run` starts one worker for each."""

    def __init__(self, valkey: Valkey, *, queues: str, env: dict[str, str], directory: Path) -> None:
        self.valkey = valkey
        self._consumers_before: set[str] = set()
        name = f"worker-{time.monotonic_ns()}"
        arguments = ("worker", "-Q", queues, "-c", "2", "-l", "info", "-n", f"{name}@here")
        command = _celery(*arguments, "--without-gossip", "--without-mingle")
        super().__init__(name, *command, env=env, directory=directory)

    def launch(self, **env: str) -> None:
        self._consumers_before = self.valkey.consumers()
        super().launch(**env)

    def is_ready(self) -> bool:
        # Not by their number: a killed worker's connection may go only after its successor was launched.
        return bool(self.valkey.consumers() - self._consumers_before)


class Beat(Server):
    """The scheduler; its sweeps come every second, unless the environment says otherwise (`SWEEP_SECONDS`)."""

    def __init__(self, *, env: dict[str, str], directory: Path) -> None:
        name = f"beat-{time.monotonic_ns()}"
        self.schedule = directory / f"schedule-{name}"
        arguments = ("beat", "-l", "info", "-s", str(self.schedule), "--pidfile", "")
        env = {"SWEEP_SECONDS": "1", **env}
        super().__init__(name, *_celery(*arguments), env=env, directory=directory)

    def is_ready(self) -> bool:
        # The name's ending depends on the version of Python.
        return any(self.schedule.parent.glob(f"{self.schedule.name}*"))


def _python(module: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", module, *arguments)


def _celery(*arguments: str) -> tuple[str, ...]:
    return _python("celery", "-A", "config.celery_app", *arguments)
