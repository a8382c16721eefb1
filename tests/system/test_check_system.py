"""One look at everything, with its parts up, down and hung."""

import json
import time
from typing import Any

import pytest
from django.db import connection

from tests.production.deployment import python, safe
from tests.system.silent import silent

PARTS = [
    *("interpreter", "settings", "translations", "storage"),
    *("keys", "database", "schema", "redis", "broker", "mail", "clock"),
]
# Those that ask nobody.
ALONE = {"interpreter", "settings", "translations", "storage"}
PASSWORD = "n0body-kn0ws-this"

Report = dict[str, list[dict[str, Any]]]


def check(env: dict[str, str]) -> tuple[int, Report]:
    """How it ended, and the findings by their part."""
    ended = python("manage.py", "check_system", "--json", env=env)
    assert "Traceback" not in ended.stderr
    answer = json.loads(ended.stdout)
    report: Report = {}
    for finding in answer["findings"]:
        assert set(finding) == {"part", "state", "said", "cure"}
        assert bool(finding["cure"]) is (finding["state"] != "ok"), finding
        report.setdefault(finding["part"], []).append(finding)
    states = [finding["state"] for finding in answer["findings"]]
    assert answer["state"] == max(states, key=["ok", "warn", "fail"].index)
    assert list(report) == PARTS
    return ended.returncode, report


def failures(report: Report) -> dict[str, list[str]]:
    found = {part: [one["said"] for one in lines if one["state"] == "fail"] for part, lines in report.items()}
    return {part: said for part, said in found.items() if said}


def cures(report: Report, part: str) -> str:
    return " ".join(finding["cure"] or "" for finding in report[part])


@pytest.fixture
def env(servers: Any, valkey: Any, smtp: Any) -> dict[str, str]:
    """A desk that lacks nothing but a worker."""
    return {**servers.env, "DJANGO_SETTINGS_MODULE": "config.settings.test"}


@pytest.fixture
def production(servers: Any, valkey: Any, smtp: Any) -> dict[str, str]:
    """A deployment's settings with the servers of the suite."""
    return safe(**{**valkey.urls, **smtp.env}, DATABASE_URL="")


# --- up ------------------------------------------------------------------------------------------


def test_a_desk_that_lacks_nothing_has_no_failure(env: Any, smtp: Any, start_worker: Any) -> None:
    start_worker()

    code, report = check(env)

    assert failures(report) == {}
    assert code == 0
    said = {part: " ".join(finding["said"] for finding in lines) for part, lines in report.items()}
    assert f"PostgreSQL {connection.pg_version // 10000}." in said["database"]
    assert "unaccent" in said["database"]
    assert said["redis"].count("Valkey ") == 3
    assert "workers that live: worker-" in said["broker"]
    assert "answers: no TLS; no mail was sent" in said["mail"]
    assert (smtp.connections, smtp.mails) == (smtp.connections or 1, [])
    assert smtp.connections >= 1
    assert "PostgreSQL has the same time" in said["clock"]
    assert "Español" in said["translations"]


def test_people_read_a_line_for_each_thing_and_its_cure(env: Any) -> None:
    ended = python("manage.py", "check_system", env=env)

    assert ended.returncode == 1
    lines = ended.stdout.splitlines()
    assert any(line.startswith("ok    database     PostgreSQL ") for line in lines)
    failed = next(n for n, line in enumerate(lines) if line.startswith("FAIL  broker       no worker answered"))
    assert lines[failed + 1].strip().startswith("> Start one for each queue: celery -A config.celery_app worker")
    assert lines[-1].endswith("1 failures")
    assert max(map(len, lines)) <= 130


def test_a_deployment_is_judged_as_one(production: Any) -> None:
    _, report = check(production | {"TRUSTED_PROXIES": "", "ADMIN_TOTP": "off"})

    said = [finding["said"] for finding in report["settings"] if finding["state"] == "warn"]
    assert [text.partition(":")[0] for text in said] == ["helpdesk.W004", "helpdesk.W005"]
    assert "collected static files" in failures(report)["storage"][0]


# --- down ----------------------------------------------------------------------------------------


def test_whatever_is_down_is_said_and_hides_nothing(db: None) -> None:
    """And no secret is said, wherever it was given."""
    env = safe(
        DATABASE_URL=f"postgresql://desk:{PASSWORD}@127.0.0.1:1/desk",
        REDIS_URL=f"redis://:{PASSWORD}@127.0.0.1:1/0",
        EMAIL_HOST="127.0.0.1",
        EMAIL_PORT="1",
        EMAIL_HOST_USER="desk",
        EMAIL_HOST_PASSWORD=PASSWORD,
    )

    code, report = check(env)
    text = python("manage.py", "check_system", env=env)

    assert code == text.returncode == 1
    failed = failures(report)
    assert set(failed) == {"storage", "database", "redis", "broker", "mail"}
    assert len(failed["redis"]) == 3
    assert "CELERY_BROKER_URL (127.0.0.1:1, database 2) does not answer" in failed["redis"][2]
    assert "127.0.0.1:1" in failed["mail"][0]
    assert "EMAIL_HOST" in cures(report, "mail")
    assert "DATABASE_URL" in cures(report, "database")
    for part in ("keys", "schema", "clock"):
        assert "warn" in {finding["state"] for finding in report[part]}, part
    for secret in (PASSWORD, env["DJANGO_SECRET_KEY"]):
        assert secret not in json.dumps(report) + text.stdout + text.stderr


def test_each_mail_server_that_refuses_is_said_with_its_reason(production: Any, smtp: Any) -> None:
    wrong = {"EMAIL_HOST_USER": "desk", "EMAIL_HOST_PASSWORD": PASSWORD}
    for given, said in {("wrong", "refuses the password"), ("tls", "cannot do what is asked")}:
        extra = wrong if given == "wrong" else {"EMAIL_USE_TLS": "true"}
        code, report = check(production | extra)
        assert said in failures(report)["mail"][0]
        assert code == 1
    right = {"EMAIL_HOST_USER": "desk", "EMAIL_HOST_PASSWORD": smtp.password}
    assert "mail" not in failures(check(production | right)[1])
    assert smtp.mails == []


def test_a_queue_that_nobody_takes_is_said(env: Any, start_worker: Any) -> None:
    start_worker("celery")

    code, report = check(env)

    assert failures(report) == {"broker": ["no worker takes the queue mail: no mail leaves"]}
    assert code == 1


def test_tables_that_are_behind_and_ahead_are_said(env: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE (app, name) = ('limits', '0001_initial') RETURNING applied")
        (applied,) = cursor.fetchone()
        cursor.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('tickets', '9999_next', now())")
    try:
        _, report = check(env)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM django_migrations WHERE name = '9999_next'")
            cursor.execute(
                "INSERT INTO django_migrations (app, name, applied) VALUES ('limits', '0001_initial', %s)", [applied]
            )

    assert failures(report)["schema"] == ["1 migrations are not applied: limits.0001_initial"]
    assert "does not know: tickets.9999_next" in " ".join(finding["said"] for finding in report["schema"])
    assert "python manage.py migrate" in cures(report, "schema")


# --- hung ----------------------------------------------------------------------------------------


def test_whatever_hangs_is_given_up_on(db: None) -> None:
    with silent() as postgres, silent() as redis, silent() as smtp:
        began = time.monotonic()
        code, report = check(
            safe(
                DATABASE_URL=f"postgresql://desk:{PASSWORD}@127.0.0.1:{postgres}/desk",
                REDIS_URL=f"redis://127.0.0.1:{redis}/0",
                EMAIL_HOST="127.0.0.1",
                EMAIL_PORT=str(smtp),
            )
        )
        took = time.monotonic() - began

    assert code == 1
    assert set(failures(report)) >= {"database", "redis", "broker", "mail"}
    assert not set(failures(report)) & (ALONE - {"storage"})
    # Bounded by a few seconds for all of them; the rest is a busy machine that starts Python.
    assert took < 45


@pytest.mark.parametrize("hung", ["valkey", "worker"])
def test_what_hung_is_found_out_and_the_rest_is_well(env: Any, valkey: Any, start_worker: Any, hung: str) -> None:
    server = {"worker": start_worker(), "valkey": valkey}[hung]
    server.freeze()
    try:
        code, report = check(env)
    finally:
        server.thaw()

    assert code == 1
    failed = failures(report)
    assert "database" not in failed
    assert "mail" not in failed
    if hung == "worker":
        assert failed == {"broker": ["no worker answered within 2 s"]}
    else:
        assert set(failed) == {"redis", "broker"}
        assert len(failed["redis"]) == 3
