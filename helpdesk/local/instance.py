"""One supervisor for one set of data; and where its children find each other, for `./run manage`."""

import fcntl
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from .failure import Failure

# What `./run manage` needs of the environment that the supervisor gave its children.
_SHARED = (
    "DATABASE_URL",
    "REDIS_URL",
    "CHANNELS_REDIS_URL",
    "CELERY_BROKER_URL",
    "DJANGO_SECRET_KEY",
    "EMAIL_HOST",
    "EMAIL_PORT",
    "PUBLIC_URL",
)


class AlreadyRunning(Failure):
    """Says at which address."""


def announce(data: Path, environment: Mapping[str, str]) -> None:
    unfinished = _file(data).with_suffix(".part")
    unfinished.touch(mode=0o600)  # it holds the secret key
    unfinished.write_text(json.dumps({name: environment[name] for name in _SHARED if name in environment}))
    unfinished.rename(_file(data))


def running_environment(data: Path) -> dict[str, str]:
    """Empty until it is announced."""
    return dict(json.loads(_file(data).read_text())) if _file(data).exists() else {}


def _file(data: Path) -> Path:
    return data / "running.json"


@contextmanager
def only_one(data: Path) -> Iterator[None]:
    """Raises `AlreadyRunning` with the URL. The kernel frees the lock with the process, however that ends."""
    with (data / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            url = running_environment(data).get("PUBLIC_URL")
            raise AlreadyRunning(f"already running: {url}" if url else "already running: it is just starting") from None
        _file(data).unlink(missing_ok=True)
        try:
            yield
        finally:
            _file(data).unlink(missing_ok=True)
