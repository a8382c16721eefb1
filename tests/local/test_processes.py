"""What the supervisor says of a program that fails it, and of data that its PostgreSQL cannot read."""

import os
import sys

import pytest

from helpdesk.local.failure import Failure
from helpdesk.local.places import passing
from helpdesk.local.postgres import start_postgres
from helpdesk.local.processes import Processes


@pytest.fixture
def places():
    with passing() as places:
        yield places


@pytest.fixture
def processes(places):
    return Processes(places, os.environ)


async def never():
    return False


async def test_a_step_that_fails_is_named_with_what_it_said_last(processes):
    with pytest.raises(
        Failure, match=r"(?s)^copy ended with code 3: no space left \(whole log: .*/copy.log\)\n  copying"
    ):
        await processes.run("copy", "/bin/sh", "-c", "echo copying; echo no space left; exit 3")


async def test_a_server_that_ends_before_it_is_ready_is_named(processes):
    server = await processes.start("web", sys.executable, "-c", "raise SystemExit('the port is taken')", quiet=True)

    with pytest.raises(Failure, match=r"^web ended with code 1: the port is taken"):
        await processes.until(never, server)


async def test_a_server_that_is_never_ready_is_given_up_and_its_log_named(processes):
    server = await processes.start("web", "/bin/sleep", "60", quiet=True)

    with pytest.raises(Failure, match=r"^web was not ready after 0 s \(log: .*/web.log\)"):
        await processes.until(never, server, seconds=0.2)
    assert server.running
    await processes.stop()
    assert not server.running


async def test_a_log_is_kept_for_one_more_run(processes, places):
    for word in ("first", "second"):
        await processes.run("step", "/bin/echo", word)

    assert [(places.logs / name).read_text() for name in ("step.log.1", "step.log")] == ["first\n", "second\n"]


async def test_data_of_another_postgresql_are_named_and_left_alone(processes, places):
    data = places.data / "postgres"
    data.mkdir()
    (data / "helpdesk-complete").touch()
    (data / "PG_VERSION").write_text("9\n")

    with pytest.raises(Failure, match=f"^{data} was made by PostgreSQL 9, but PostgreSQL [0-9]+ is here: remove it"):
        await start_postgres(processes, places, throwaway=True)
    assert (data / "PG_VERSION").read_text() == "9\n"
