"""Values that the environment gives by the name of a file, as `./run` reads them."""

import os
import subprocess
import sys

import pytest

from helpdesk.local.failure import Failure
from helpdesk.local.given import given, overruled
from tests.servers import ROOT


def test_what_a_file_holds_stands_in_the_place_of_its_name(tmp_path):
    (tmp_path / "url").write_text("postgresql://db/desk\n")

    found = given({"DATABASE_URL_FILE": str(tmp_path / "url"), "DATABASE_URL": "", "PATH": "/bin"})

    assert found == {"DATABASE_URL": "postgresql://db/desk", "PATH": "/bin"}


def test_two_places_for_one_value_are_refused(tmp_path):
    (tmp_path / "url").write_text("redis://one/0")

    with pytest.raises(Failure, match="REDIS_URL and REDIS_URL_FILE are both set"):
        given({"REDIS_URL": "redis://two/0", "REDIS_URL_FILE": str(tmp_path / "url")})


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda path: None, "cannot be read: No such file or directory"),
        (lambda path: path.touch(), "names an empty file"),
        (lambda path: path.write_bytes(b"\xff"), "cannot be read: it is no text"),
    ],
    ids=["missing", "empty", "no text"],
)
def test_a_file_that_holds_nothing_is_refused_without_its_name(tmp_path, made, said):
    path = tmp_path / "s3cret"
    made(path)

    with pytest.raises(Failure, match=said) as failure:
        given({"DJANGO_SECRET_KEY_FILE": str(path)})
    assert "s3cret" not in str(failure.value)


def test_what_run_sets_itself_stands_above_a_file():
    found = overruled({"EMAIL_HOST_FILE": "/x", "EMAIL_HOST": "a", "HOME": "/"}, {"EMAIL_HOST": "127.0.0.1"})

    assert found == {"EMAIL_HOST": "127.0.0.1", "HOME": "/"}


@pytest.mark.slow
def test_manage_takes_its_servers_from_files(db, tmp_path):
    """Nothing of our own is started: without the files it would be."""
    for name, text in {
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "REDIS_URL": "redis://127.0.0.1:1/0",
    }.items():
        (tmp_path / name).write_text(f"{text}\n")
    files = {f"{name}_FILE": str(tmp_path / name) for name in ("DATABASE_URL", "REDIS_URL")}
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "VENV", "HOME"}}
    code = "from django.conf import settings as s; print(s.DATABASES['default']['NAME'], s.REDIS_URL)"

    ended = subprocess.run(
        [sys.executable, "-m", "helpdesk.local", "manage", "shell", "--no-imports", "-c", code],
        cwd=ROOT,
        env={**kept, **files, "HELPDESK_DATA": str(tmp_path / "data")},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (ended.stdout, ended.returncode) == ("none redis://127.0.0.1:1/0\n", 0), ended.stderr
    assert not (tmp_path / "data/postgres").exists()
