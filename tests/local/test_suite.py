"""`./run test` and `./run manage` from outside: servers for one command, and nothing of them afterwards."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.local.processes import NO_PROC, alive, descendants, left, outside
from tests.servers import ROOT, eventually

pytestmark = pytest.mark.slow

USES_ITS_SERVERS = """
import os
import psycopg, redis

def test_it():
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT to_tsvector('simple', '¿Cómo «sí»?')").fetchone() == ("'cómo':1 'sí':2",)
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
        assert client.ping()
    assert os.access(os.environ["HELPDESK_VALKEY_SERVER"], os.X_OK)
    print(os.environ["DATABASE_URL"])

def test_that_fails():
    assert False
"""
HANGS_WITH_A_CHILD = """
import subprocess, time

def test_it():
    subprocess.Popen(["sleep", "60"], start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    print("hanging", flush=True)
    time.sleep(60)
"""
REACHES_THE_DATABASE = """
import sys
from django.db import connection
connection.ensure_connection()
print(connection.settings_dict["NAME"])
sys.exit(3)
"""


def run(*arguments: str | Path, **env: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [ROOT / "run", *arguments],
        env=outside(**env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def suite(directory: Path, content: str) -> "subprocess.Popen[str]":
    """`./run test` with one file, apart from this suite's configuration."""
    file = directory / "test_it.py"
    file.write_text(content)
    (directory / "pytest.ini").write_text(
        "[pytest]\naddopts = -p no:valkey -p no:django -p no:asyncio -p no:cacheprovider\n"
    )
    return run("test", "-c", directory / "pytest.ini", "-q", "-s", file)


def test_a_suite_gets_servers_of_its_own_answers_with_its_exit_code_and_leaves_nothing(tmp_path):
    with suite(tmp_path, USES_ITS_SERVERS) as process:
        output = process.stdout.read()

    # As pytest wrote it: no line has a prefix.
    assert output.splitlines()[-1].startswith("1 failed, 1 passed in ")
    assert process.returncode == 1
    (home,) = {part for part in output.split("/") if part.startswith(f"helpdesk-test-{os.geteuid()}-")}
    assert not (Path("/tmp") / home).exists()


@pytest.mark.skipif(not Path("/proc/self").exists(), reason=NO_PROC)
def test_a_stopped_suite_takes_along_what_its_tests_started(tmp_path):
    with suite(tmp_path, HANGS_WITH_A_CHILD) as process:
        assert process.stdout.readline() == "hanging\n"
        running = {identity for pid in descendants(process.pid) if (identity := alive(pid))}
        assert any(b"sleep" in Path(f"/proc/{pid}/cmdline").read_bytes() for pid, _ in running)

        process.send_signal(signal.SIGTERM)
        process.stdout.read()

    assert process.returncode == 128 + signal.SIGTERM
    assert left(running) == set()


@pytest.mark.skipif(not Path("/proc/self").exists(), reason=NO_PROC)
def test_a_killed_suite_takes_its_servers_along(tmp_path):
    with suite(tmp_path, HANGS_WITH_A_CHILD) as process:
        assert process.stdout.readline() == "hanging\n"
        running = {identity for pid in descendants(process.pid) if (identity := alive(pid))}
        sleeping = {pid for pid, _ in running if b"sleep" in Path(f"/proc/{pid}/cmdline").read_bytes()}

        process.kill()
        eventually(lambda: {pid for pid, _ in left(running)} == sleeping, seconds=5)

    for pid in sleeping:
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)


def test_manage_brings_up_the_servers_for_one_command():
    home = Path(tempfile.mkdtemp(prefix="helpdesk-manage-", dir="/tmp"))
    home.chmod(0o711)  # for root's tests, PostgreSQL is another account's
    try:
        with run(
            "manage", "shell", "--no-imports", "-c", REACHES_THE_DATABASE, HELPDESK_DATA=str(home / "data")
        ) as process:
            output = process.stdout.read()

        assert (output, process.returncode) == ("helpdesk\n", 3)
        assert not (home / "data/processes").exists()
    finally:
        shutil.rmtree(home)
