"""What a killed supervisor left is ended by the next, and nothing else is."""

import os
import signal
import subprocess

import pytest

from helpdesk.local import register


@pytest.fixture
def sleeper():
    process = subprocess.Popen(["sleep", "60"])
    yield process
    process.kill()
    process.wait()


def test_what_is_left_is_ended_with_its_own_signal(tmp_path, sleeper):
    register.add(tmp_path, sleeper.pid, signal.SIGINT)

    assert register.end_leftovers(tmp_path) == 1
    assert sleeper.wait(1) == -signal.SIGINT
    assert register.end_leftovers(tmp_path) == 0


def test_a_process_that_ignores_its_signal_is_killed(tmp_path, monkeypatch):
    monkeypatch.setattr(register, "_GRACE_SECONDS", 0.2)
    deaf = subprocess.Popen(
        ["sh", "-c", "trap '' TERM; echo deaf; sleep 60 & wait"], stdout=subprocess.PIPE, process_group=0
    )
    assert deaf.stdout.readline() == b"deaf\n"
    register.add(tmp_path, deaf.pid, signal.SIGTERM)

    assert register.end_leftovers(tmp_path) == 1
    assert deaf.wait(1) == -signal.SIGKILL
    os.killpg(deaf.pid, signal.SIGKILL)
    deaf.stdout.close()


def test_a_process_that_only_has_the_same_number_is_left_alone(tmp_path, sleeper):
    (tmp_path / "processes").write_text(f"{sleeper.pid} 15 1\n{sleeper.pid} 15 \n{sleeper.pid}")

    assert register.end_leftovers(tmp_path) == 0
    assert sleeper.poll() is None


def test_what_was_stopped_in_order_is_forgotten(tmp_path, sleeper):
    register.add(tmp_path, sleeper.pid, signal.SIGTERM)
    register.clear(tmp_path)

    assert register.end_leftovers(tmp_path) == 0
    assert sleeper.poll() is None
