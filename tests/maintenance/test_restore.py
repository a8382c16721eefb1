"""`check` and `restore`: every row comes back, or everything stays as it was."""

import hashlib
import json

import psycopg
import pytest

pytestmark = pytest.mark.slow

WRONG_NAMES = (
    "nowhere",
    "",
    ".",
    "..",
    "../backups",
    "/etc",
    "a b",
    "a;b",
    "$(date)",
    "a\nb",
    "*",
    "-x",
    ".helpdesk-1.part",
)


def flip(data):
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


DAMAGES = {
    "a flipped bit": lambda path: (path / "database.dump").write_bytes(flip((path / "database.dump").read_bytes())),
    "cut short": lambda path: (path / "database.dump").write_bytes((path / "database.dump").read_bytes()[:-1]),
    "no dump": lambda path: (path / "database.dump").unlink(),
    "another manifest": lambda path: (path / "manifest").write_text("end\n"),
    "no checksums": lambda path: (path / "SHA256SUMS").unlink(),
    "no line in the checksums": lambda path: (path / "SHA256SUMS").write_text(""),
}


def sign(path):
    """Checksums that fit, as if it had been written so."""
    lines = [
        f"{hashlib.sha256((path / name).read_bytes()).hexdigest()}  {name}\n" for name in ("database.dump", "manifest")
    ]
    (path / "SHA256SUMS").write_text("".join(lines))


def one_row_more(path):
    """The manifest of a database with one ticket more than the dump has."""
    lines = (path / "manifest").read_text().splitlines()
    lines = [line.replace("\t300\t", "\t301\t") if "\tpublic.tickets_ticket\t" in line else line for line in lines]
    (path / "manifest").write_text("\n".join([*lines, ""]))
    sign(path)


def no_archive(path):
    """No dump at all, under checksums that fit."""
    (path / "database.dump").write_bytes(b"PGDMP and nothing else")
    sign(path)


def test_a_dropped_database_comes_back_with_every_row(database, contents, backup):
    database.drop()

    said = database.done("restore", backup, "--yes")

    assert database.contents() == contents
    assert sum(rows for rows, _digest in contents.values()) > 1500
    assert f"Restored {backup}: {len(contents)} tables, {sum(rows for rows, _ in contents.values())} rows." in said
    assert "flush the cache" in said
    assert database.others() == set()


def test_a_restored_database_is_made_of_the_same_parts(database, backup):
    questions = {
        "locale": "SELECT datlocprovider, datlocale, datcollate, datctype, encoding FROM pg_database WHERE datname = current_database()",
        "extensions": "SELECT extname FROM pg_extension ORDER BY 1",
        "functions": "SELECT proname, prosrc, provolatile FROM pg_proc WHERE proname ~ '^(helpdesk|events)_' ORDER BY 1",
        "generated": "SELECT table_name, column_name, generation_expression FROM information_schema.columns "
        "WHERE is_generated = 'ALWAYS' ORDER BY 1, 2",
        # PostgreSQL spells their conditions in another way each time it reads them.
        "indexes": "SELECT split_part(indexdef, ' WHERE ', 1) FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1",
        "constraints": "SELECT conrelid::regclass::text, conname, contype, convalidated FROM pg_constraint ORDER BY 1, 2",
        "sequences": "SELECT sequencename, last_value FROM pg_sequences ORDER BY 1",
        "search": "SELECT count(*) FROM tickets_ticket WHERE helpdesk_fold(title) LIKE '%o%'",
    }

    def answers():
        with database.connect() as connection:
            return {what: connection.execute(question).fetchall() for what, question in questions.items()}

    before = answers()
    database.drop()
    database.done("restore", backup, "--yes")

    assert answers() == before
    assert all(before.values())


def test_a_restored_desk_goes_on_where_the_backup_was(database, backup):
    database.done("restore", backup, "--yes")

    said = database.manage(
        "shell",
        "--no-imports",
        "-c",
        """
import json
from django.utils import timezone
from helpdesk.accounts.models import User
from helpdesk.events.models import EventRecord
from helpdesk.events.operations.sequencing import sequence
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.operations.tickets import open_ticket
sequence()
by = User.objects.filter(role="customer").first()
newest = Ticket.objects.order_by("-id").first().pk
ticket = open_ticket(by=by, title="After the fire", description="All is well.", now=timezone.now())
sequence()
positions = list(EventRecord.objects.order_by("position").values_list("position", flat=True))
print(json.dumps([ticket.pk - newest, positions == list(range(1, len(positions) + 1)), len(positions) > 0]))
""",
    )

    assert json.loads(said.splitlines()[-1]) == [1, True, True]


def test_what_was_written_after_the_backup_is_kept_under_another_name(database, contents, backup):
    with database.connect() as connection:
        connection.execute("DELETE FROM tickets_comment")

    said = database.done("restore", backup, "--yes")

    (kept,) = database.others()
    assert kept.startswith(f"{database.name}_before_")
    assert f"The database as it was is kept as {kept}" in said
    assert database.contents() == contents
    with database.connect(kept) as connection:
        assert connection.execute("SELECT count(*) FROM tickets_comment").fetchone() == (0,)


def test_a_service_that_is_connected_is_sent_away(database, contents, backup):
    with database.connect() as client:
        client.execute("BEGIN")
        client.execute("DELETE FROM tickets_comment")

        database.done("restore", backup, "--yes")

        with pytest.raises(psycopg.OperationalError):
            client.execute("SELECT 1")
    assert database.contents() == contents


def test_the_planner_knows_the_restored_tables(database, backup):
    database.done("restore", backup, "--yes")

    with database.connect() as connection:
        (moment,) = connection.execute(
            "SELECT last_analyze FROM pg_stat_user_tables WHERE relname = 'tickets_ticket'"
        ).fetchone()
    assert moment is not None


def test_a_backup_is_proved_by_loading_it(database, contents, backup):
    said = database.done("check", backup)

    rows = sum(rows for rows, _digest in contents.values())
    assert said == f"{backup} is good: {len(contents)} tables, {rows} rows\n"
    assert database.others() == set()
    assert database.contents() == contents


@pytest.mark.parametrize("command", ["check", "restore"])
@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_backup_is_refused(database, contents, backup, command, damage):
    damage(database.backups / backup)

    said = database.refused(command, backup, *(["--yes"] if command == "restore" else []))

    assert f"{backup} is damaged" in said
    assert (database.contents(), database.others()) == (contents, set())


@pytest.mark.parametrize("command", ["check", "restore"])
@pytest.mark.parametrize(
    ("spoil", "said"),
    [(one_row_more, "public.tickets_ticket\t301"), (no_archive, "pg_restore")],
    ids=["a row less", "no archive"],
)
def test_a_backup_that_does_not_hold_what_it_says_changes_nothing(database, contents, backup, command, spoil, said):
    spoil(database.backups / backup)

    assert said in database.refused(command, backup, *(["--yes"] if command == "restore" else []))
    assert (database.contents(), database.others()) == (contents, set())


@pytest.mark.parametrize("command", ["check", "restore"])
def test_a_name_that_is_none_changes_nothing(database, contents, command):
    said = [database.refused(command, name, *(["--yes"] if command == "restore" else [])) for name in WRONG_NAMES]

    assert all(line.count("\n") == 1 for line in said), said
    assert (database.contents(), database.others()) == (contents, set())


def test_nothing_is_replaced_unless_somebody_agrees(database, contents, backup):
    assert "say --yes to agree" in database.refused("restore", backup)
    assert "usage: " in database.refused("restore", "--yes")
    assert "usage: " in database.refused("restore", backup, backup, "--yes")
    assert (database.contents(), database.others()) == (contents, set())
