"""`./run`: everything, in the foreground, until a signal."""

import asyncio
import os
import signal
import sys
import time

from . import register
from .console import answer, say, say_plain
from .given import given, overruled
from .instance import announce, only_one
from .places import ROOT, Places, lasting
from .ports import HOST, Ports, wanted_port
from .processes import Process, Processes
from .secret import secret_key
from .services import start_services
from .supervise import until_stopped
from .welcome import welcome

# A worker that runs as root says so at length; on one's own machine that is one's own affair.
_CELERY = (
    *(sys.executable, "-W", "ignore:You're running the worker with superuser privileges"),
    *("-m", "celery", "--quiet", "--app", "config.celery_app"),
)
_FIRST_SMTP_PORT = 1025
# A frame may hold 64 KiB; what is larger is cut off before it is read into memory.
_LARGEST_MESSAGE = 1024 * 1024
_READY_SECONDS = 90
# Ctrl-C ends everything within five seconds.
_DRAIN_SECONDS = "2"


def up() -> int:
    places = lasting()
    with only_one(places.data):
        if left := register.end_leftovers(places.data):
            say("up", f"ended {left} processes that an earlier run left")
        processes = Processes(places, local_environment(places))
        code, stopped_by = asyncio.run(_run(places, processes))
        # Ctrl-C is how this command ends.
        return 0 if stopped_by == signal.SIGINT else code


def local_environment(places: Places) -> dict[str, str]:
    environment = given(os.environ)
    return {
        **environment,
        "DJANGO_SETTINGS_MODULE": "config.settings.local",
        "DJANGO_SECRET_KEY": environment.get("DJANGO_SECRET_KEY") or secret_key(places.data),
        "LOG_FORMAT": environment.get("LOG_FORMAT") or "console",
        "PYTHONUNBUFFERED": "1",
    }


async def _run(places: Places, processes: Processes) -> tuple[int, signal.Signals | None]:
    with Ports() as ports:
        ended = await until_stopped(_serve(places, processes, ports), processes)
    say("up", "everything has stopped")
    return ended


async def _serve(places: Places, processes: Processes, ports: Ports) -> int:
    began = time.monotonic()
    web, viewer = _port(ports, "PORT", 8000), _port(ports, "MAIL_PORT", 8025)
    smtp = ports.take(_FIRST_SMTP_PORT)
    url = f"http://{HOST}:{web}"
    ours = {"EMAIL_HOST": HOST, "EMAIL_PORT": str(smtp), "PUBLIC_URL": url, "DRAIN_SECONDS": _DRAIN_SECONDS}
    processes.environment = overruled(processes.environment, ours)

    await start_services(processes, places)
    announce(places.data, processes.environment)
    say("up", f"PostgreSQL and Redis answer ({time.monotonic() - began:.1f} s)")
    await processes.run("prepare", sys.executable, "-m", "helpdesk.local.prepare")
    say("up", f"the database is migrated and holds data ({time.monotonic() - began:.1f} s)")
    server = await _start_apps(processes, places, web=web, smtp=smtp, viewer=viewer)
    await processes.until(lambda: _is_ready(web), server, seconds=_READY_SECONDS)

    say("up", f"ready after {time.monotonic() - began:.1f} s")
    say_plain(welcome(url=url, mail_url=f"http://{HOST}:{viewer}", data=_shortened(places)))
    answer(f"READY {url}")
    raise await processes.first_death()


async def _start_apps(processes: Processes, places: Places, *, web: int, smtp: int, viewer: int) -> Process:
    """Answers with the web server."""
    await processes.start("mail", sys.executable, "-m", "helpdesk.local.mail", str(smtp), str(viewer))
    server = await processes.start(
        "web",
        *(sys.executable, "-m", "helpdesk.edge", "--bind", HOST, "--port", str(web), "--verbosity", "0"),
        *("--websocket_timeout", "-1", "--websocket-max-message-size", str(_LARGEST_MESSAGE)),
        "config.asgi:application",
    )
    # A mail server that hangs holds up the mails alone.
    await processes.start("worker", *_worker("worker", queue="celery", concurrency=1))
    await processes.start("mailer", *_worker("mailer", queue="mail", concurrency=2))
    # The schedule's format differs between versions of Python.
    schedule = places.data / f"beat-{sys.version_info.major}.{sys.version_info.minor}"
    await processes.start("beat", *_CELERY, "beat", "--loglevel", "ERROR", "--schedule", schedule, "--pidfile", "")
    return server


def _worker(name: str, *, queue: str, concurrency: int) -> tuple[str, ...]:
    return (
        *(*_CELERY, "worker", "--loglevel", "WARNING", "--hostname", f"{name}@%h"),
        *("--queues", queue, "--concurrency", str(concurrency), "--without-gossip", "--without-mingle"),
    )


def _port(ports: Ports, variable: str, default: int) -> int:
    wanted = wanted_port(variable, default)
    port = ports.take(wanted)
    if wanted and port != wanted:
        say("up", f"port {wanted} is taken: using {port} instead ({variable}= chooses another)")
    return port


def _shortened(places: Places) -> str:
    local = ROOT / ".local" / "data"
    return ".local/data" if local.resolve() == places.data else str(places.data)


async def _is_ready(port: int) -> bool:
    try:
        async with asyncio.timeout(5):
            reader, writer = await asyncio.open_connection(HOST, port)
            writer.write(f"GET /readyz HTTP/1.1\r\nHost: {HOST}:{port}\r\nConnection: close\r\n\r\n".encode())
            status = await reader.readline()
            writer.close()
    except OSError:
        return False
    return b" 200 " in status
