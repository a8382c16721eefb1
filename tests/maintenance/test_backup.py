"""`backup` and `backups`: what has a name is whole, and old ones go."""

import os
import re
import shutil
import signal
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.maintenance.conftest import PASSWORD, SCRIPTS
from tests.servers import eventually

NAME = re.compile(r"helpdesk-\d{8}T\d{6}Z")

pytestmark = pytest.mark.slow


def named(directory):
    return sorted(path.name for path in directory.iterdir() if not path.name.startswith("."))


def older(directory, **ages):
    """Directories that look like backups of so many days ago."""
    for age in ages.values():
        moment = datetime.now(UTC) - timedelta(days=age, minutes=1)
        made = directory / f"helpdesk-{moment:%Y%m%dT%H%M%SZ}"
        made.mkdir()
        os.utime(made, (moment.timestamp(), moment.timestamp()))


def below(pid):
    """The processes below it, by what `ps` would show of each."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found = {pid}
    while grown := {child for child, parent in parents.items() if parent in found} - found:
        found |= grown
    shown = {}
    for process in found:
        try:
            shown[process] = Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
    return shown


@pytest.fixture
def slow_backup(database):
    """A backup in the middle of its dump, in a session of its own."""
    with database.connect() as connection:
        connection.execute(
            "CREATE TABLE ballast AS SELECT md5(random()::text) || md5(random()::text) AS text FROM generate_series(1, 900000)"
        )
    process = subprocess.Popen(
        [SCRIPTS / "backup"],
        env=database.env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    eventually(lambda: any("pg_dump" in command for command in below(process.pid).values()), seconds=60)
    yield process
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def test_a_backup_is_a_directory_with_a_dump_a_manifest_and_their_checksums(database):
    shutil.rmtree(database.backups)
    database.backups.mkdir()

    name = database.done("backup").strip()

    assert NAME.fullmatch(name)
    assert named(database.backups) == [name]
    assert named(database.backups / name) == ["SHA256SUMS", "database.dump", "manifest"]
    assert (database.backups / name).stat().st_mode & 0o077 == 0
    checked = subprocess.run(["sha256sum", "--check", "SHA256SUMS"], cwd=database.backups / name, check=False)
    assert checked.returncode == 0


def test_the_manifest_counts_the_rows_of_every_table(filled):
    database, contents, backup = filled
    lines = [line.split("\t") for line in (database.backups / backup / "manifest").read_text().splitlines()]

    assert {name.removeprefix("public."): int(count) for kind, name, count, *_ in lines_of(lines, "table")} == {
        table: rows for table, (rows, _digest) in contents.items()
    }


def lines_of(lines, kind):
    return [line for line in lines if line[0] == kind]


def test_a_backup_that_is_killed_leaves_nothing_that_looks_like_one(database, slow_backup, backup):
    os.killpg(slow_backup.pid, signal.SIGKILL)
    slow_backup.wait()

    assert named(database.backups) == [backup]
    assert backup in database.done("backups")
    with database.connect() as connection:
        connection.execute("DROP TABLE ballast")
    another = eventually(lambda: database.command("backup").stdout).strip()
    assert named(database.backups) == [backup, another]
    assert list(database.backups.glob(".*.part")) == []


def test_a_backup_is_of_one_moment_while_everybody_writes(database):
    stop = threading.Event()

    def write():
        with database.connect() as connection:
            while not stop.is_set():
                connection.execute("UPDATE accounts_user SET name = left(name || 'x', 99)")
                connection.execute("DELETE FROM tickets_comment WHERE id = (SELECT max(id) FROM tickets_comment)")
                connection.execute("SELECT nextval('tickets_ticket_id_seq')")

    with ThreadPoolExecutor(1) as writer:
        writing = writer.submit(write)
        try:
            time.sleep(1)
            name = database.done("backup").strip()
        finally:
            stop.set()
        writing.result()

    assert "is good" in database.done("check", name)


def test_a_table_that_is_rewritten_meanwhile_is_in_it_whole(database):
    """As a migration does: such a change is seen by snapshots that are older, and leaves them an empty table."""
    with database.connect() as connection:
        connection.execute("CREATE TABLE aaa AS SELECT md5(n::text) AS text FROM generate_series(1, 400000) AS n")
        connection.execute("CREATE TABLE zzz AS SELECT n FROM generate_series(1, 5000) AS n")
        with ThreadPoolExecutor(1) as other:
            backing_up = other.submit(database.done, "backup")
            dumping = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'COPY public.%' AND datname = current_database()"
            eventually(lambda: connection.execute(dumping).fetchone()[0] or backing_up.done(), seconds=60)
            assert not backing_up.done()
            connection.execute("SET lock_timeout = 0; ALTER TABLE zzz ALTER n TYPE bigint")
            name = backing_up.result().strip()

    lines = [line.split("\t") for line in (database.backups / name / "manifest").read_text().splitlines()]
    assert {line[1]: line[2] for line in lines_of(lines, "table")}["public.zzz"] == "5000"
    assert "is good" in database.done("check", name)


def test_one_backup_at_a_time(database, slow_backup):
    assert "another backup is being written" in database.refused("backup")


def test_no_command_line_shows_the_password(database, slow_backup):
    shown = " ".join(below(slow_backup.pid).values())

    assert "pg_dump" in shown
    assert (database._password or PASSWORD) not in shown


@pytest.mark.parametrize("kibibytes", [8, 40], ids=["the manifest", "the dump"])
def test_a_disk_that_is_full_is_an_error_and_leaves_nothing(database, backup, kibibytes):
    limited = f"trap '' XFSZ; ulimit -f {kibibytes}; exec {SCRIPTS / 'backup'}"

    ended = subprocess.run(
        ["bash", "-c", limited], env=database.env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )

    assert ended.returncode != 0
    assert ended.stdout == ""
    assert "File too large" in ended.stderr
    assert named(database.backups) == [backup]
    assert list(database.backups.glob(".*.part")) == []


def test_a_server_that_does_not_answer_is_an_error_and_leaves_nothing(database, backup, tmp_path):
    ended = database.command("backup", POSTGRES_HOST=str(tmp_path))

    assert ended.returncode != 0
    assert named(database.backups) == [backup]


@pytest.mark.parametrize("keep", ["3", "03", "008"])
def test_the_newest_are_kept(database, backup, keep):
    older(database.backups, one=1, two=2, three=3)
    before = named(database.backups)
    (database.backups / "by-hand").mkdir()
    time.sleep(1)  # a name holds seconds

    name = database.done("backup", BACKUP_KEEP=keep).strip()

    assert named(database.backups) == sorted(["by-hand", *before[1 - int(keep) :], name])


def test_the_young_are_kept(database, backup):
    older(database.backups, one=1, ten=10, thirty=30)
    before = named(database.backups)
    time.sleep(1)

    name = database.done("backup", BACKUP_KEEP="0", BACKUP_KEEP_DAYS="10").strip()

    assert named(database.backups) == [*before[2:], name]


def test_a_backup_is_kept_even_by_a_clock_that_went_back(database, backup):
    (database.backups / "helpdesk-29991231T235959Z").mkdir()
    time.sleep(1)

    name = database.done("backup", BACKUP_KEEP="1").strip()

    assert named(database.backups) == [name]


def test_a_limit_that_is_no_number_is_refused_before_anything_is_deleted(database, backup):
    assert "whole numbers" in database.refused("backup", BACKUP_KEEP="a few")
    assert named(database.backups) == [backup]


def test_a_list_shows_what_is_there_and_in_what_state(database, backup):
    damaged = database.backups / "helpdesk-20200101T000000Z"
    shutil.copytree(database.backups / backup, damaged)
    with (damaged / "database.dump").open("ab") as dump:
        dump.write(b"!")

    rows = [line.split() for line in database.done("backups").splitlines()]

    assert rows[0] == ["NAME", "SIZE", "AGE", "STATE"]
    assert {row[0]: row[-1] for row in rows[1:]} == {damaged.name: "DAMAGED", backup: "intact"}
    assert all(re.fullmatch(r"\d+[KM]", row[1]) for row in rows[1:])
