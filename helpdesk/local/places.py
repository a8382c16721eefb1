"""Where one running copy keeps its things: data stays between runs, sockets do not."""

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .failure import Failure

ROOT = Path(__file__).resolve().parents[2]

# Always /tmp, whatever TMPDIR says: the path of a Unix socket may not exceed about 100 bytes.
_SHORT = Path("/tmp")
# Survives a restart of the machine, and every account may walk into it.
_OPEN = Path("/var/tmp")
# Others may walk through it to what is theirs, and list nothing.
_WALKABLE = 0o711


@dataclass(frozen=True, kw_only=True)
class Places:
    data: Path
    sockets: Path

    @property
    def logs(self) -> Path:
        return self.data / "logs"


def lasting() -> Places:
    """`.local/data`, or what HELPDESK_DATA names. A second checkout has its own, so both can run."""
    if named := os.environ.get("HELPDESK_DATA"):
        data = _made((ROOT / named).resolve())
        if _is_root() and not _open_to_all(data / "any") and not _has_database():
            raise Failure(f"PostgreSQL does not run as root, and other accounts cannot reach HELPDESK_DATA={data}.")
    else:
        data = _default_data()
    digest = hashlib.sha256(os.fsencode(data)).hexdigest()[:8]
    return _prepared(data=data, sockets=_SHORT / f"helpdesk-{os.geteuid()}-{digest}")


@contextmanager
def passing() -> Iterator[Places]:
    """A place for one test run, gone after it."""
    prefix = f"helpdesk-test-{os.geteuid()}-"
    _sweep(prefix)
    home = Path(tempfile.mkdtemp(prefix=prefix, dir=_SHORT))
    home.chmod(_WALKABLE)
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield _prepared(data=home, sockets=home / "s")
        finally:
            shutil.rmtree(home, ignore_errors=True)


def _has_database() -> bool:
    return bool(os.environ.get("DATABASE_URL") or os.environ.get("DATABASE_URL_FILE"))


def _is_root() -> bool:
    return os.geteuid() == 0


def _open_to_all(path: Path) -> bool:
    """Whether every account may walk down to `path`: a checkout below /root is closed to PostgreSQL's."""
    return all(directory.stat().st_mode & 0o001 for directory in path.resolve().parents)


def _default_data() -> Path:
    data = ROOT / ".local" / "data"
    data.parent.mkdir(exist_ok=True)
    if not data.exists():
        data.unlink(missing_ok=True)
        if not _is_root() or _open_to_all(data):
            _made(data)
        else:
            elsewhere = Path(tempfile.mkdtemp(prefix="helpdesk-", dir=_OPEN))
            elsewhere.chmod(_WALKABLE)
            # A link, so that removing .local forgets the data here too.
            data.symlink_to(elsewhere)
    return data.resolve()


def _made(directory: Path) -> Path:
    """A directory that was there keeps its mode: it may be somebody's home."""
    if not directory.exists():
        directory.mkdir(parents=True)
        directory.chmod(_WALKABLE)
    return directory


def _prepared(*, data: Path, sockets: Path) -> Places:
    places = Places(data=data, sockets=sockets)
    places.logs.mkdir(exist_ok=True)
    sockets.mkdir(mode=0o700, exist_ok=True)
    # /tmp is everybody's: a directory that somebody else put there in advance is not used.
    if sockets.is_symlink() or sockets.stat().st_uid != os.geteuid():
        raise Failure(f"{sockets} belongs to somebody else; remove it, or choose another HELPDESK_DATA.")
    sockets.chmod(_WALKABLE)
    return places


def _sweep(prefix: str) -> None:
    """Removes what killed test runs left behind: nobody holds their lock any more."""
    for home in _SHORT.glob(f"{prefix}*"):
        try:
            with (home / "lock").open() as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(home, ignore_errors=True)
        except OSError:
            continue
