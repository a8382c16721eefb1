"""Real servers for the tests that need them: an SMTP sink, Valkey, Daphne, a Celery worker and beat.

All of them work with the suite's settings, on the test database and on a Valkey of their own, so suites beside each other do not meet. A test asks for
`desk` (everything), for single servers, or for a `start_…` fixture where it wants another environment:

    def test_a_limit(start_daphne):
        server = start_daphne(RATE_LIMIT_ENABLED="true")
        httpx.get(f"{server.base_url}/api/…")

They see committed rows only, so they bring `transactional_db`. `shared_daphne` is started once a session, for tests that change
nothing outside the database. Nothing here outlives pytest.
"""

import asyncio
import contextlib
import http.client
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

import pytest
import redis
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

T = TypeVar("T")
S = TypeVar("S", bound="Server")

ROOT = Path(__file__).resolve().parents[1]
HOST = "127.0.0.1"
# Coverage follows into the servers; only those that end by themselves report it.
MEASURED = "COVERAGE_PROCESS_CONFIG" in os.environ

# Each line of each conversation.
logging.getLogger("mail.log").setLevel(logging.WARNING)

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


class Server:
    """One process, from its start to its end. Extra environment given to `start` or `restart` stays."""

    def __init__(self, name: str, *command: str, env: dict[str, str], directory: Path) -> None:
        self.name = name
        self.command = command
        self.env = env
        self.log = directory / f"{name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    def is_ready(self) -> bool:
        raise NotImplementedError

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
        assert self._process is not None
        self.thaw()
        self._process.terminate()
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

    def consumers(self) -> int:
        """How many workers wait for a task right now."""
        with self.client() as client:
            return sum(connection["cmd"] == "brpop" for connection in client.client_list())


def _valkey_binary() -> str:
    if given := os.environ.get("HELPDESK_VALKEY_SERVER"):
        return given
    from helpdesk.local.binaries import valkey_binary

    return str(valkey_binary())


class Daphne(Server):
    def __init__(self, *, env: dict[str, str], directory: Path) -> None:
        self.port = free_port()
        self.base_url = f"http://{HOST}:{self.port}"
        self.ws_url = f"ws://{HOST}:{self.port}"
        listening = ("--bind", HOST, "--port", str(self.port))
        # As ./run starts it.
        sockets = ("--websocket_timeout", "-1", "--websocket-max-message-size", str(1024 * 1024))
        command = _python("daphne", *listening, *sockets, "config.asgi:application")
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
        self._consumers_before = 0
        name = f"worker-{time.monotonic_ns()}"
        arguments = ("worker", "-Q", queues, "-c", "2", "-l", "info", "-n", f"{name}@here")
        command = _celery(*arguments, "--without-gossip", "--without-mingle")
        super().__init__(name, *command, env=env, directory=directory)

    def launch(self, **env: str) -> None:
        self._consumers_before = self.valkey.consumers()
        super().launch(**env)

    def is_ready(self) -> bool:
        return self.valkey.consumers() > self._consumers_before


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


@dataclass
class Mail:
    """One accepted e-mail: the envelope's recipients, and the message."""

    to: list[str]
    message: EmailMessage

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    @property
    def message_id(self) -> str:
        return str(self.message["Message-ID"])

    @property
    def text(self) -> str:
        return self._body("plain")

    @property
    def html(self) -> str:
        return self._body("html")

    def _body(self, kind: str) -> str:
        part = self.message.get_body((kind,))
        assert part is not None
        return str(part.get_content())


@dataclass
class _Refusal:
    answer: str
    at: str
    to: str | None
    times: float


@dataclass
class Smtp:
    """A mail server in a thread of this process, on one port for its whole life, also across `stop()` and `start()`.

    Nobody has to sign in; who does needs the password.
    """

    port: int = field(default_factory=free_port)
    mails: list[Mail] = field(default_factory=list)
    slowness: float = 0  # seconds before a message is accepted
    pause: float = 0  # seconds before each answer
    password: str = "letter"
    connections: int = 0  # since the beginning

    def __post_init__(self) -> None:
        self._refusals: list[_Refusal] = []
        self._transports: list[asyncio.BaseTransport] = []
        self._thread: threading.Thread | None = None

    @property
    def env(self) -> dict[str, str]:
        return {"EMAIL_HOST": HOST, "EMAIL_PORT": str(self.port)}

    def refuse(self, answer: str, *, at: str = "RCPT", to: str | None = None, times: float = float("inf")) -> None:
        """Answer `"550 No such user"` from now on, to MAIL, RCPT or DATA, for one address or all, so many times.

        With 421 it hangs up afterwards, and with "" at once.
        """
        self._refusals.append(_Refusal(answer, at, to, times))

    def accept(self) -> None:
        """Refuse nothing any more."""
        self._refusals.clear()

    def start(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        listening = self._loop.create_server(self._session, HOST, self.port, reuse_address=True)
        self._server = asyncio.run_coroutine_threadsafe(listening, self._loop).result(10)

    def stop(self) -> None:
        """Hang up on everybody and stop listening."""
        if self._thread is None:
            return
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
        self._thread = None

    async def _end(self) -> None:
        self._server.close()
        for transport in self._transports:
            transport.abort()  # type: ignore[attr-defined]
        self._transports.clear()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _session(self) -> SMTP:
        smtp = self

        class Recorded(SMTP):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                smtp._transports.append(transport)
                smtp.connections += 1
                super().connection_made(transport)

            async def push(self, status: Any) -> None:
                # An answer of several lines is one answer.
                if smtp.pause and status[3:4] not in ("-", b"-"):
                    await asyncio.sleep(smtp.pause)
                await super().push(status)

        return Recorded(
            self,
            hostname="sink",
            loop=self._loop,
            authenticator=self._sign_in,
            auth_require_tls=False,
        )

    def _sign_in(self, _server: SMTP, _session: Session, _envelope: Envelope, _how: str, given: Any) -> AuthResult:
        return AuthResult(success=given.password == self.password.encode(), handled=False)

    # aiosmtpd calls these three.
    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if refusal := self._refusal("MAIL", [address], server):
            return refusal
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if refusal := self._refusal("RCPT", [address], server):
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        if refusal := self._refusal("DATA", envelope.rcpt_tos, server):
            return refusal
        if self.slowness:
            await asyncio.sleep(self.slowness)
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.mails.append(Mail(list(envelope.rcpt_tos), message))
        return "250 OK"

    def _refusal(self, at: str, addresses: list[str], server: SMTP) -> str | None:
        for refusal in self._refusals:
            if refusal.at == at and refusal.times > 0 and (refusal.to is None or refusal.to in addresses):
                refusal.times -= 1
                assert server.transport is not None
                if not refusal.answer:
                    server.transport.abort()
                if refusal.answer.startswith("421"):
                    self._loop.call_later(0.05, server.transport.close)
                return refusal.answer or "421"
        return None


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
            "PYTHONUNBUFFERED": "1",
            # The same program is started dozens of times: compiling it once is enough.
            "PYTHONDONTWRITEBYTECODE": "",
        }
        self._started: list[Server] = []

    def daphne(self, **env: str) -> Daphne:
        return self._launched(Daphne(env=self.env, directory=self.directory), env)

    def worker(self, queues: str = "celery,mail", **env: str) -> Worker:
        return self._launched(Worker(self.valkey, queues=queues, env=self.env, directory=self.directory), env)

    def beat(self, **env: str) -> Beat:
        return self._launched(Beat(env=self.env, directory=self.directory), env)

    def end(self) -> None:
        for server in reversed(self._started):
            if MEASURED and server.is_running():
                server.stop(seconds=5)
            server.kill()
            # Shown where a test failed.
            print(f"--- {server.name}\n{server.output()[-4000:]}")
        self.valkey.kill()
        self.smtp.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _launched(self, server: S, env: dict[str, str]) -> S:
        self._started.append(server)
        server.launch(**env)
        return server


def _test_database_url() -> str:
    from django.db import connection

    settings = connection.settings_dict
    query = {key.lower(): settings[key] for key in ("HOST", "PORT", "USER", "PASSWORD") if settings[key]}
    return f"postgresql:///{settings['NAME']}?{urlencode(query)}"


@pytest.fixture
def servers(transactional_db: None) -> Iterator[Servers]:
    group = Servers(_test_database_url())
    yield group
    group.end()


@pytest.fixture
def valkey(servers: Servers) -> Valkey:
    """A Valkey that this test may stop, freeze and flush."""
    servers.valkey.start()
    return servers.valkey


@pytest.fixture
def smtp(servers: Servers) -> Smtp:
    servers.smtp.start()
    return servers.smtp


@pytest.fixture
def start_daphne(servers: Servers, valkey: Valkey) -> Callable[..., Daphne]:
    """`start_daphne(RATE_LIMIT_ENABLED="true")`; several may run beside each other."""
    return lambda **env: _ready(servers.daphne(**env))


@pytest.fixture
def start_worker(servers: Servers, valkey: Valkey) -> Callable[..., Worker]:
    """`start_worker()` works on everything, `start_worker("mail")` on one queue."""
    return lambda *queues, **env: _ready(servers.worker(*queues, **env))


@pytest.fixture
def start_beat(servers: Servers, valkey: Valkey) -> Callable[..., Beat]:
    return lambda **env: _ready(servers.beat(**env))


@pytest.fixture
def daphne(start_daphne: Callable[..., Daphne]) -> Daphne:
    return start_daphne()


@pytest.fixture
def worker(start_worker: Callable[..., Worker]) -> Worker:
    return start_worker()


@pytest.fixture
def beat(start_beat: Callable[..., Beat]) -> Beat:
    return start_beat()


def _ready(server: S) -> S:
    server.wait_until_ready()
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


@pytest.fixture
def desk(servers: Servers, valkey: Valkey, smtp: Smtp) -> Desk:
    daphne, worker, beat = servers.daphne(), servers.worker(), servers.beat()
    return Desk(valkey, smtp, _ready(daphne), _ready(worker), _ready(beat))


@pytest.fixture
def valkey_here(valkey: Valkey, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Valkey]:
    """The test's own process uses the private Valkey too: limits, channel layer, and Celery's broker."""
    urls = valkey.urls
    for name, url in urls.items():
        monkeypatch.setenv(name, url)
    settings.REDIS_URL = urls["REDIS_URL"]
    settings.CELERY_BROKER_URL = urls["CELERY_BROKER_URL"]
    layers = {**settings.CHANNEL_LAYERS}
    config = layers["default"]["CONFIG"]
    host = {**config["hosts"][0], "address": urls["CHANNELS_REDIS_URL"]}
    settings.CHANNEL_LAYERS = {"default": {**layers["default"], "CONFIG": {**config, "hosts": [host]}}}
    _forget_broker()
    yield valkey
    _forget_broker()


def _forget_broker() -> None:
    """Celery remembers its connections, whatever the settings say by now."""
    import kombu.pools
    from celery import current_app

    kombu.pools.reset()
    current_app._pool = None
    current_app.amqp._producer_pool = None


@pytest.fixture(scope="session")
def shared_daphne(django_db_setup: None, django_db_blocker: Any) -> Iterator[Daphne]:
    """One server for all tests that only need one to be there; each of them asks for `transactional_db` itself."""
    with django_db_blocker.unblock():
        url = _test_database_url()
    group = Servers(url)
    group.valkey.start()
    group.smtp.start()
    yield _ready(group.daphne())
    group.end()
