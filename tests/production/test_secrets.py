"""Where a deployment's secrets come from: the environment, or files that it names."""

import json

import pytest

from tests.production.deployment import DATABASE_PASSWORD, KEY, python, refusals, safe

# Every secret: where it is given, and where Django has it.
SECRETS = {
    "DJANGO_SECRET_KEY": "SECRET_KEY",
    "DATABASE_URL": "DATABASES['default']",
    "POSTGRES_PASSWORD": "DATABASES['default']['PASSWORD']",
    "REDIS_URL": "REDIS_URL",
    "CHANNELS_REDIS_URL": "CHANNEL_LAYERS['default']['CONFIG']['hosts'][0]['address']",
    "CELERY_BROKER_URL": "CELERY_BROKER_URL",
    "EMAIL_HOST_PASSWORD": "EMAIL_HOST_PASSWORD",
}
VALUES = {
    "DJANGO_SECRET_KEY": KEY,
    "DATABASE_URL": "postgresql://desk:p%40ss%2F1@db.acme.test:5433/desk?sslmode=require",
    "REDIS_URL": "rediss://:n0body@redis.acme.test/0",
    "CHANNELS_REDIS_URL": "rediss://:$n0body@redis.acme.test/7",
    "CELERY_BROKER_URL": "rediss://:$n0body@redis.acme.test/8?ssl_cert_reqs=required",
}


def settings(*expressions, env):
    """What production's settings hold, as they are read by a process of their own."""
    code = f"import json; from config.settings.production import *; print(json.dumps([{', '.join(expressions)}]))"
    ended = python("-c", code, env=env)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"], ids=["as it is", "with a newline", "as Windows ends lines"])
def test_each_secret_may_stand_in_a_file(db, tmp_path, ending):
    given = {name: VALUES.get(name, f"$ecret {len(name)}\n, ends in a blank ") for name in SECRETS}
    for name, value in given.items():
        (tmp_path / name).write_bytes(f"{value}{ending}".encode())
    files = {f"{name}_FILE": str(tmp_path / name) for name in SECRETS}

    found = settings(*SECRETS.values(), env=safe(**dict.fromkeys(SECRETS), **files))

    by_name = dict(zip(SECRETS, found, strict=True))
    database = by_name.pop("DATABASE_URL")
    assert by_name == {name: value for name, value in given.items() if name in by_name} | {
        "POSTGRES_PASSWORD": "p@ss/1"  # the address stands above the parts
    }
    assert (database["HOST"], database["PORT"], database["OPTIONS"]["sslmode"]) == ("db.acme.test", "5433", "require")


def test_a_secret_in_two_places_is_refused(db, tmp_path):
    (tmp_path / "key").write_text(KEY)

    ended = python("manage.py", "check", env=safe(DJANGO_SECRET_KEY_FILE=str(tmp_path / "key")))

    assert refusals(ended) == [
        "Refused to start: DJANGO_SECRET_KEY and DJANGO_SECRET_KEY_FILE are both set. Remove one of them."
    ]


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda path: None, "DJANGO_SECRET_KEY_FILE names a file that cannot be read: No such file or directory."),
        (lambda path: path.mkdir(), "DJANGO_SECRET_KEY_FILE names a file that cannot be read: Is a directory."),
        (lambda path: path.touch(), "DJANGO_SECRET_KEY_FILE names an empty file."),
        (lambda path: path.write_text("\n"), "DJANGO_SECRET_KEY_FILE names an empty file."),
        (
            lambda path: path.write_bytes(b"\xff\xfe"),
            "DJANGO_SECRET_KEY_FILE names a file that cannot be read: it is no text.",
        ),
    ],
    ids=["missing", "a directory", "empty", "a newline alone", "no text"],
)
def test_a_file_that_holds_no_secret_is_refused(db, tmp_path, made, said):
    path = tmp_path / "key"
    made(path)

    ended = python("manage.py", "check", env=safe(DJANGO_SECRET_KEY=None, DJANGO_SECRET_KEY_FILE=str(path)))

    assert refusals(ended) == [f"Refused to start: {said}"]
    assert len(ended.stderr.splitlines()) == 1


def test_a_secret_in_the_place_of_a_files_name_is_not_repeated(db):
    ended = python("manage.py", "check", env=safe(POSTGRES_PASSWORD=None, POSTGRES_PASSWORD_FILE=DATABASE_PASSWORD))

    assert refusals(ended)
    assert DATABASE_PASSWORD not in ended.stdout + ended.stderr


def test_an_empty_variable_leaves_the_word_to_the_file(db, tmp_path):
    (tmp_path / "key").write_text(KEY)

    env = safe(DJANGO_SECRET_KEY="", DJANGO_SECRET_KEY_FILE=str(tmp_path / "key"))

    assert settings("SECRET_KEY", env=env) == [KEY]


def test_a_password_with_any_sign_in_it_reaches_postgres_as_it_is(db):
    env = safe(
        POSTGRES_HOST="db",
        POSTGRES_PORT="5433",
        POSTGRES_DB="desk",
        POSTGRES_USER="ada",
        POSTGRES_PASSWORD=DATABASE_PASSWORD,
    )

    (database,) = settings("DATABASES['default']", env=env)

    assert {name: database[name] for name in ("HOST", "PORT", "NAME", "USER", "PASSWORD")} == {
        "HOST": "db",
        "PORT": "5433",
        "NAME": "desk",
        "USER": "ada",
        "PASSWORD": DATABASE_PASSWORD,
    }


def test_the_database_is_named_like_its_user_as_the_image_does(db):
    env = safe(POSTGRES_HOST=None, POSTGRES_DB=None, POSTGRES_USER=None, POSTGRES_PASSWORD="n0body")

    (database,) = settings("DATABASES['default']", env=env)

    assert (database["HOST"], database["NAME"], database["USER"]) == ("postgres", "postgres", "postgres")


@pytest.mark.parametrize(
    ("url", "channels", "celery"),
    [
        (None, "redis://redis:6379/1", "redis://redis:6379/2"),
        ("unix:///run/redis.sock?db=3", "unix:///run/redis.sock?db=4", "redis+socket:///run/redis.sock?virtual_host=5"),
        ("rediss://redis/0", "rediss://redis/1", "rediss://redis/2?ssl_cert_reqs=required"),
    ],
    ids=["by default", "a socket", "with TLS"],
)
def test_sockets_and_tasks_take_the_databases_after_that_of_the_cache(db, url, channels, celery):
    found = settings("CHANNELS_REDIS_URL", "CELERY_BROKER_URL", env=safe(REDIS_URL=url))

    assert found == [channels, celery]


def test_a_database_of_their_own_can_be_named(db):
    env = safe(CHANNELS_REDIS_URL="redis://one/7", CELERY_BROKER_URL="redis://two/8")

    assert settings("CHANNELS_REDIS_URL", "CELERY_BROKER_URL", env=env) == ["redis://one/7", "redis://two/8"]


def test_every_set_of_settings_says_in_one_line_what_is_wrong(db, tmp_path):
    env = {"DJANGO_SETTINGS_MODULE": "config.settings.local", "EMAIL_PORT_FILE": str(tmp_path / "nowhere")}

    ended = python("manage.py", "check", env=env)

    assert [line.split()[3] for line in refusals(ended)] == ["EMAIL_PORT_FILE", "DJANGO_SECRET_KEY"]
