"""What a deployment refuses to start with: seen by starting it."""

import httpx
import psycopg
import pytest
from django.db import connection

from tests.people import AdminFactory, AgentFactory
from tests.production.deployment import COMMANDS, KEY, python, refusals, safe
from tests.servers import ROOT

# Each with what is changed, the secret that must not be repeated, and how the line begins.
UNSAFE: dict[str, tuple[dict[str, str | None], str, str]] = {
    "debug": ({"DJANGO_DEBUG": "true"}, "", "DJANGO_DEBUG is on"),
    "no key": ({"DJANGO_SECRET_KEY": None}, "", "DJANGO_SECRET_KEY is not set"),
    "an empty key": ({"DJANGO_SECRET_KEY": ""}, "", "DJANGO_SECRET_KEY is not set"),
    "a short key": ({"DJANGO_SECRET_KEY": KEY[:49]}, KEY[:49], "DJANGO_SECRET_KEY has less than 50 characters"),
    "a monotonous key": ({"DJANGO_SECRET_KEY": "abcdefg" * 10}, "abcdefg", "DJANGO_SECRET_KEY has less than 50"),
    "Django's own key": (
        {"DJANGO_SECRET_KEY": f"django-insecure-{KEY}"},
        KEY,
        "DJANGO_SECRET_KEY has less than 50 characters, few different ones, or is well known",
    ),
    "a placeholder for a key": (
        {"DJANGO_SECRET_KEY": "Change-Me-" + "0123456789" * 5},
        "0123456789",
        "DJANGO_SECRET_KEY has less than 50 characters, few different ones, or is well known",
    ),
    "a provider's keys in the clear": (
        {"GOOGLE_JWKS_URL": "http://keys.acme.test/"},
        "keys.acme.test",
        "An address of Google or Facebook",
    ),
    "Graph in the clear": (
        {"FACEBOOK_GRAPH_URL": "http://graph.acme.test"},
        "graph.acme.test",
        "An address of Google or Facebook",
    ),
    "a guessable former key": (
        {"DJANGO_SECRET_KEY_FALLBACKS": f"{KEY[::-1]},{KEY[:30]}"},
        KEY[:30],
        "DJANGO_SECRET_KEY_FALLBACKS holds a key that could not be DJANGO_SECRET_KEY",
    ),
    "a second factor that is none": ({"ADMIN_TOTP": "sometimes"}, "sometimes", "ADMIN_TOTP cannot be read"),
    "every host": ({"DJANGO_ALLOWED_HOSTS": "desk.acme.test,*"}, "", "DJANGO_ALLOWED_HOSTS allows every host"),
    "no host": ({"DJANGO_ALLOWED_HOSTS": None}, "", "DJANGO_ALLOWED_HOSTS is not set"),
    "no database": ({"POSTGRES_PASSWORD": None}, "", "There is no password for PostgreSQL"),
    "an address without a password": (
        {"DATABASE_URL": "postgresql://helpdesk@postgres/helpdesk"},
        "",
        "There is no password for PostgreSQL",
    ),
    "the local password": ({"POSTGRES_PASSWORD": "helpdesk"}, "", "The password for PostgreSQL is well known"),
    "a placeholder for a password": (
        {"DATABASE_URL": "postgresql://helpdesk:Please-Change-Me-1@postgres/helpdesk"},
        "Please-Change-Me-1",
        "The password for PostgreSQL is well known or a placeholder",
    ),
    "an address that is none": (
        {"DATABASE_URL": "postgresql://helpdesk:pa/ss-4711@postgres/helpdesk"},
        "ss-4711",
        "DATABASE_URL cannot be read",
    ),
    "a well-known password of Redis": (
        {"REDIS_URL": "redis://:testpass123@redis/0"},
        "testpass123",
        "The password for Redis is well known",
    ),
    "the demo's password for mails": (
        {"EMAIL_HOST_PASSWORD": "testpass123"},
        "testpass123",
        "EMAIL_HOST_PASSWORD is well known",
    ),
    "a blank password": ({"POSTGRES_PASSWORD": " "}, "", "There is no password for PostgreSQL"),
    "a blank mail server": ({"EMAIL_HOST": " "}, "", "EMAIL_HOST is not set"),
    "proxies that are everybody together": (
        {"TRUSTED_PROXIES": "0.0.0.0/1,128.0.0.0/1"},
        "",
        "TRUSTED_PROXIES is everybody",
    ),
    "no mail server": ({"EMAIL_HOST": None}, "", "EMAIL_HOST is not set"),
    "plain HTTP": ({"PUBLIC_URL": "http://desk.acme.test"}, "", "PUBLIC_URL is not an address with https://"),
    "no public address": ({"PUBLIC_URL": None}, "", "PUBLIC_URL is not an address with https://"),
    "no limits": ({"RATE_LIMIT_ENABLED": "false"}, "", "RATE_LIMIT_ENABLED is false"),
    "a rate that is none": ({"RATE_LIMIT_USER": "plenty"}, "plenty", "RATE_LIMIT_USER cannot be read"),
    "a proxy that is none": ({"TRUSTED_PROXIES": "everybody"}, "everybody", "TRUSTED_PROXIES cannot be read"),
    "a proxy that is everybody": (
        {"TRUSTED_PROXIES": "10.203.7.2,0.0.0.0/0"},
        "",
        "TRUSTED_PROXIES is everybody",
    ),
    "a number that is none": ({"EMAIL_PORT": "s3cret"}, "s3cret", "EMAIL_PORT cannot be read"),
}


@pytest.mark.parametrize(("changes", "secret", "said"), UNSAFE.values(), ids=UNSAFE)
def test_an_unsafe_value_is_refused_in_one_line_that_does_not_repeat_it(db, changes, secret, said):
    ended = python("manage.py", "check", env=safe(**changes))

    (line,) = refusals(ended)
    assert line.startswith(f"Refused to start: {said}")
    assert ended.stderr == f"{line}\n"
    assert not secret or secret not in ended.stdout + ended.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_whatever_starts_says_everything_that_is_wrong_at_once(db, tmp_path, command):
    env = {"DJANGO_SETTINGS_MODULE": "config.settings.production", "DJANGO_DEBUG": "1", "RATE_LIMIT_ENABLED": "off"}

    ended = python(*COMMANDS[command](tmp_path), env=env)

    assert [line.split()[3] for line in refusals(ended)] == [
        "DJANGO_SECRET_KEY",
        "DJANGO_DEBUG",
        "DJANGO_ALLOWED_HOSTS",
        "There",
        "EMAIL_HOST",
        "PUBLIC_URL",
        "RATE_LIMIT_ENABLED",
    ]
    assert len(ended.stderr.splitlines()) == 7


@pytest.mark.parametrize("file", sorted(ROOT.glob(".envs/*/.*")), ids=lambda file: f"{file.parent.name}/{file.name}")
def test_no_secret_that_stands_in_this_repository_is_taken(file):
    from config.settings.guessable import guessable_key, guessable_password
    from helpdesk.core.redis_urls import password_in

    values = dict(line.split("=", 1) for line in file.read_text().splitlines() if "=" in line and line[0] != "#")
    keys = [value for name, value in values.items() if name.endswith("SECRET_KEY")]
    passwords = [value for name, value in values.items() if name.endswith("PASSWORD")]
    passwords += [password for value in values.values() if (password := password_in(value))]

    assert [key for key in keys if not guessable_key(key)] == []
    assert [password for password in passwords if not guessable_password(password)] == []


# --- admins ----------------------------------------------------------------------------------------


def made(factory, password, **fields):
    """A user whose password is hashed as in production."""
    from helpdesk.accounts.hashers import Argon2Hasher

    user = factory(**fields)
    user.password = Argon2Hasher().encode(password, "n4Cl" * 4)
    user.save()
    return user


@pytest.mark.parametrize("command", COMMANDS)
def test_nothing_serves_while_an_admin_has_the_password_of_the_demo(transactional_db, tmp_path, command):
    made(AdminFactory, "testpass123", username="boss")

    ended = python(*COMMANDS[command](tmp_path), env=safe())

    (line,) = refusals(ended)
    assert line.startswith("Refused to start: The password of boss, an admin, is the public one of the demo data.")
    assert line.endswith("Change it: python manage.py changepassword boss")
    assert "testpass123" not in ended.stdout + ended.stderr


@pytest.mark.parametrize(
    "someone",
    [
        lambda: made(AdminFactory, "another one"),
        lambda: made(AdminFactory, "testpass123", is_active=False),
        lambda: made(AgentFactory, "testpass123"),
    ],
    ids=["an admin with another password", "somebody who may not sign in", "an agent"],
)
def test_nobody_else_keeps_it_from_starting(transactional_db, someone):
    someone()

    assert python("manage.py", "migrate", env=safe()).returncode == 0


def test_a_database_without_tables_has_no_admin_and_is_migrated(db):
    address = {
        key: value for key, value in connection.settings_dict.items() if key in {"HOST", "PORT", "USER", "PASSWORD"}
    }
    where = {key.lower(): value for key, value in address.items() if value}
    name = f"{connection.settings_dict['NAME']}_empty"
    with psycopg.connect(dbname="postgres", autocommit=True, **where) as server:
        server.execute(f"DROP DATABASE IF EXISTS {name}")
        server.execute(f"CREATE DATABASE {name}")
        ended = python("manage.py", "migrate", "--verbosity", "0", env=safe(POSTGRES_DB=name))
        server.execute(f"DROP DATABASE {name}")

    assert (ended.returncode, ended.stderr) == (0, "")


def test_nothing_serves_while_nobody_can_say_whose_passwords_are_public(db):
    ended = python(*COMMANDS["daphne"](None), env=safe(POSTGRES_HOST="127.0.0.1", POSTGRES_PORT="1"))

    (line,) = refusals(ended)
    assert line.startswith("Refused to start: PostgreSQL does not answer")


def test_the_cure_is_not_refused(transactional_db):
    made(AdminFactory, "testpass123", username="boss")

    ended = python("manage.py", "changepassword", "boss", env=safe())

    # It asks; there is nobody at a terminal here to answer.
    assert "Changing password for user 'boss'" in ended.stdout
    assert "Refused" not in ended.stderr


# --- what starts -----------------------------------------------------------------------------------


def test_a_safe_deployment_has_nothing_that_django_warns_of(db):
    ended = python("manage.py", "check", "--deploy", "--fail-level", "WARNING", env=safe())

    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"PUBLIC_URL": "https://localhost"}, "helpdesk.W001"),
        ({"EMAIL_HOST_PASSWORD": "n0t-known", "EMAIL_USE_TLS": "false"}, "helpdesk.W002"),
        ({"DEFAULT_FROM_EMAIL": None}, "helpdesk.W003"),
        ({"TRUSTED_PROXIES": None}, "helpdesk.W004"),
        ({"ADMIN_TOTP": "off"}, "helpdesk.W005"),
    ],
)
def test_what_may_be_meant_is_a_warning(db, changes, said):
    ended = python("manage.py", "check", "--deploy", "--fail-level", "WARNING", env=safe(**changes))

    assert ended.returncode == 1
    assert [line.split()[1] for line in ended.stderr.splitlines() if line.startswith("?:")] == [f"({said})"]


@pytest.fixture
def production(servers, valkey, start_daphne):
    """A client of a deployment whose proxy is this machine."""
    env = safe(DATABASE_URL="", TRUSTED_PROXIES="127.0.0.1", **valkey.urls)
    server = start_daphne(**env)
    with httpx.Client(base_url=server.base_url, headers={"Host": "desk.acme.test"}) as client:
        yield client


def test_a_safe_deployment_serves_https_through_its_proxy(production):
    through_the_proxy = {"X-Forwarded-Proto": "https"}

    ready = production.get("/readyz")
    plain = production.get("/api/")
    secure = production.get("/api/", headers=through_the_proxy)
    elsewhere = production.get("/api/", headers={**through_the_proxy, "Host": "desk.evil.test"})

    assert (ready.status_code, ready.json()) == (200, {"status": "ready"})
    assert (plain.status_code, plain.headers["location"]) == (301, "https://desk.acme.test/api/")
    assert secure.status_code in {200, 401}
    assert secure.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"
    assert secure.headers["referrer-policy"] == "no-referrer"
    assert elsewhere.status_code == 400


def test_a_deployment_keeps_its_documentation_to_itself(production):
    answers = {
        path: production.get(path, headers={"X-Forwarded-Proto": "https"})
        for path in ("/api/docs/", "/api/schema/", "/console/")
    }

    assert {path: answer.status_code for path, answer in answers.items()} == {
        "/api/docs/": 404,
        "/api/schema/": 401,
        "/console/": 404,
    }


def test_a_safe_worker_works(servers, valkey, start_worker):
    worker = start_worker(**safe(DATABASE_URL="", **valkey.urls))

    assert worker.is_running()
    assert "Refused" not in worker.output()
