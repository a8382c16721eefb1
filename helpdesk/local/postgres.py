"""A PostgreSQL of our own on a Unix socket."""

import pwd
import shutil
import signal
from pathlib import Path

from .account import give, postgres_account
from .binaries import major_version, postgres_binaries
from .collation import initdb_arguments
from .failure import Failure
from .places import Places
from .processes import Process, Processes

_DATABASE = "helpdesk"
_SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "timezone": "UTC",
    "log_min_messages": "warning",
    "jit": "off",
}
# For data that a crash may take: a test's.
_CARELESS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


async def start_postgres(processes: Processes, places: Places, *, throwaway: bool) -> str:
    """Answers with its DATABASE_URL once it takes connections."""
    account = postgres_account()
    binaries = postgres_binaries(account, places.data)
    data, socket = places.data / "postgres", places.sockets / "postgres"
    await _prepare(processes, data, binaries, account)
    socket.mkdir(exist_ok=True)
    socket.chmod(0o700)
    give(socket, account)
    # PGPORT and its like would move the server, or send its clients elsewhere.
    for name in [name for name in processes.environment if name.startswith("PG")]:
        del processes.environment[name]
    settings = _SETTINGS | {"unix_socket_directories": str(socket)} | (_CARELESS if throwaway else {})
    server = await processes.start(
        "postgres",
        binaries / "postgres",
        "-D",
        data,
        *(part for name, value in settings.items() for part in ("-c", f"{name}={value}")),
        kind="service",
        stop_signal=signal.SIGINT,  # the fast shutdown: connections are cut, rows are flushed
        account=account,
        quiet=True,
    )
    await processes.until(lambda: _accepts(data, server), server)
    return f"postgresql:///{_DATABASE}?host={socket}&user=postgres"


async def _prepare(processes: Processes, data: Path, binaries: Path, account: pwd.struct_passwd | None) -> None:
    """Makes the cluster and the database. The marker is written last: what an interruption left is made anew."""
    marker = data / "helpdesk-complete"
    major = major_version(binaries, account)
    if marker.exists():
        found = (data / "PG_VERSION").read_text().strip()
        if found != str(major):
            raise Failure(
                f"{data} was made by PostgreSQL {found}, but PostgreSQL {major} is here: "
                "remove it to start anew, or set DATABASE_URL."
            )
        return
    _empty(data, account)
    await processes.run(
        "initdb",
        *(binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"),
        *initdb_arguments(major),
        account=account,
    )
    # The single-user mode needs neither a running server nor a client program.
    await processes.run(
        "createdb",
        *(binaries / "postgres", "--single", "-D", data, "postgres"),
        account=account,
        typed=f"CREATE DATABASE {_DATABASE}\n",
    )
    marker.touch()


def _empty(data: Path, account: pwd.struct_passwd | None) -> None:
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(mode=0o700)
    give(data, account)


async def _accepts(data: Path, server: Process) -> bool:
    """The eighth line of its pid file says so: the way pg_ctl waits, without a client program."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except OSError:
        return False
    return len(lines) > 7 and lines[0] == str(server.pid) and lines[7].strip() == "ready"  # noqa: PLR2004
