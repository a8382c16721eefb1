"""Where a running copy keeps its things."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from helpdesk.local import places
from helpdesk.local.failure import Failure
from helpdesk.local.places import lasting, passing


@pytest.fixture
def named(monkeypatch, tmp_path):
    data = tmp_path / "data"
    monkeypatch.setenv("HELPDESK_DATA", str(data))
    monkeypatch.setenv("DATABASE_URL", "postgresql:///elsewhere")
    yield data
    for left in Path("/tmp").glob("helpdesk-*"):
        if left.is_symlink() and left.readlink() == tmp_path:
            left.unlink()


def test_two_sets_of_data_have_sockets_of_their_own(named, monkeypatch):
    first = lasting()
    monkeypatch.setenv("HELPDESK_DATA", str(named.parent / "other"))
    second = lasting()
    sockets = {first.sockets, second.sockets}
    for path in sockets:
        path.rmdir()

    assert len(sockets) == 2
    assert len(str(first.sockets / "postgres" / ".s.PGSQL.5432")) < 100


def test_a_directory_that_was_there_keeps_its_mode(named):
    named.mkdir(mode=0o700)
    places = lasting()
    places.sockets.rmdir()

    assert named.stat().st_mode & 0o777 == 0o700


def test_sockets_are_not_put_where_somebody_else_points(named):
    places = lasting()
    places.sockets.rmdir()
    places.sockets.symlink_to(named.parent)

    with pytest.raises(Failure, match="belongs to somebody else"):
        lasting()


def test_what_a_killed_test_run_left_is_swept_and_what_runs_is_not():
    left = Path("/tmp") / f"helpdesk-test-{os.geteuid()}-left"
    left.mkdir()
    (left / "lock").touch()

    with passing() as first:
        with passing() as second:
            pass
        assert first.data.is_dir()

    assert not left.exists()
    assert not first.data.exists()
    assert not second.data.exists()


@pytest.fixture
def checkout(monkeypatch):
    """An empty one, open to every account."""
    directory = Path(tempfile.mkdtemp(prefix="helpdesk-checkout-", dir="/tmp"))
    directory.chmod(0o755)
    monkeypatch.delenv("HELPDESK_DATA", raising=False)
    monkeypatch.setattr(places, "ROOT", directory)
    yield directory
    shutil.rmtree(directory)


def test_a_checkout_keeps_its_data_in_itself(checkout):
    found = lasting()
    found.sockets.rmdir()

    assert found.data == checkout / ".local/data"
    assert found.logs.is_dir()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as another account: run it as root")
def test_a_checkout_that_is_closed_to_postgresql_keeps_its_data_elsewhere_and_finds_them_again(checkout):
    checkout.chmod(0o700)
    first, second = lasting(), lasting()
    first.sockets.rmdir()

    assert first == second
    assert (checkout / ".local/data").readlink() == first.data
    assert first.data.parent == Path("/var/tmp")
    assert first.data.stat().st_mode & 0o777 == 0o711
    shutil.rmtree(first.data)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as another account: run it as root")
def test_data_that_postgresql_cannot_reach_are_refused_by_name(checkout, monkeypatch):
    checkout.chmod(0o700)
    monkeypatch.setenv("HELPDESK_DATA", "data")
    monkeypatch.delenv("DATABASE_URL", raising=False)

    with pytest.raises(Failure, match=f"other accounts cannot reach HELPDESK_DATA={checkout}/data"):
        lasting()
