"""The commands of the production database's image, run as they are against the suite's own server."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from psycopg import sql

from helpdesk.local.binaries import postgres_binaries
from helpdesk.local.failure import Failure
from tests.servers import ROOT

SCRIPTS = ROOT / "compose/production/postgres/maintenance"
PASSWORD = "n0body-kn0ws-it"

Contents = dict[str, tuple[int, str]]


class Database:
    """One database on the suite's server, with a directory for its backups."""

    def __init__(self, name: str, backups: Path, programs: Path) -> None:
        address = settings.DATABASES["default"]
        self.name = name
        self.backups = backups
        self._where = {"host": address["HOST"], "port": address["PORT"], "user": address["USER"]}
        self._password = address["PASSWORD"]
        secret = backups.parent / "password"
        secret.write_text(f"{self._password or PASSWORD}\n")
        self.env = {
            "PATH": f"{programs}:{os.environ['PATH']}",
            "POSTGRES_HOST": address["HOST"],
            "POSTGRES_PORT": str(address["PORT"]),
            "POSTGRES_USER": address["USER"],
            "POSTGRES_DB": name,
            "POSTGRES_PASSWORD_FILE": str(secret),
            "BACKUP_DIR": str(backups),
        }

    def connect(self, name: str | None = None) -> "psycopg.Connection[Any]":
        where = {key: value for key, value in self._where.items() if value}
        return psycopg.connect(dbname=name or self.name, password=self._password, autocommit=True, **where)

    def drop(self) -> None:
        with self.connect("postgres") as server:
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(self.name)))

    def create(self) -> None:
        with self.connect("postgres") as server:
            server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(self.name)))

    def others(self) -> set[str]:
        """What the commands made beside it."""
        with self.connect("postgres") as server:
            names = server.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [f"{self.name}_"])
            return {name for (name,) in names}

    def contents(self) -> Contents:
        """Every table, its number of rows and a digest of them all. Reads the rows themselves, unlike the manifest."""
        with self.connect() as connection:
            tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
            return {table: self._digest(connection, table) for (table,) in tables}

    def _digest(self, connection: "psycopg.Connection[Any]", table: str) -> tuple[int, str]:
        with connection.cursor().copy(sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(table))) as copy:
            rows = sorted(b"".join(bytes(block) for block in copy).splitlines())
        return len(rows), hashlib.sha256(b"\n".join(rows)).hexdigest()

    def manage(self, *arguments: str) -> str:
        where = "&".join(f"{key}={value}" for key, value in self._where.items() if value)
        url = f"postgresql:///{self.name}?{where}" + (f"&password={self._password}" if self._password else "")
        ended = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env={**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings.test"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    def command(self, *command: str, **env: str) -> "subprocess.CompletedProcess[str]":
        """Runs `backup` and its like, as the container would."""
        program, *arguments = command
        return subprocess.run(
            [SCRIPTS / program, *arguments],
            env={**self.env, **env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def done(self, *command: str, **env: str) -> str:
        ended = self.command(*command, **env)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    def refused(self, *command: str, **env: str) -> str:
        """What it said on standard error."""
        ended = self.command(*command, **env)
        assert ended.returncode != 0, ended.stdout
        return ended.stderr


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pg_dump and psql are."""
    if missing := [name for name in ("bash", "flock", "sha256sum") if not shutil.which(name)]:
        pytest.skip(f"the commands are made for Debian's image: {missing} not found (apt-get install util-linux)")
    try:
        found = postgres_binaries(None, tmp_path_factory.mktemp("postgres"))
    except Failure as failure:
        pytest.skip(f"no pg_dump: {failure}")
    if not (found / "pg_dump").exists():
        pytest.skip("no pg_dump (apt-get install postgresql-client)")
    return found


@pytest.fixture(scope="session")
def filled(programs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Database, Contents, str]]:
    """A database with made-up data, what it holds, and the name of its backup. Not to be changed."""
    backups = tmp_path_factory.mktemp("maintenance") / "backups"
    backups.mkdir()
    database = Database(f"{settings.DATABASES['default']['TEST']['NAME']}_kept", backups, programs)
    database.drop()
    database.create()
    database.manage("migrate", "--skip-checks", "--verbosity", "0")
    database.manage("generate_fake_data", "--tickets=300", "--comments-per-ticket=3", "--customers=20", "--agents=4")
    yield database, database.contents(), database.done("backup").strip()
    for name in {database.name, *database.others()}:
        Database(name, backups, programs).drop()


@pytest.fixture
def database(filled: tuple[Database, Contents, str], tmp_path: Path, programs: Path) -> Iterator[Database]:
    """The same in a database of its own, which a test may spoil, with a copy of the backup."""
    original, _contents, _backup = filled
    shutil.copytree(original.backups, tmp_path / "backups")
    copy = Database(f"{original.name}_copy", tmp_path / "backups", programs)
    copy.drop()
    with copy.connect("postgres") as server:
        statement = "CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy"
        server.execute(sql.SQL(statement).format(sql.Identifier(copy.name), sql.Identifier(original.name)))
    yield copy
    for name in {copy.name, *copy.others()}:
        Database(name, copy.backups, programs).drop()


@pytest.fixture
def contents(filled: tuple[Database, Contents, str]) -> Contents:
    return filled[1]


@pytest.fixture
def backup(filled: tuple[Database, Contents, str]) -> str:
    """The name of a backup of `database`."""
    return filled[2]
