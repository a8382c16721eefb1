"""A key, before there is one."""

import pytest

from config.settings.guessable import guessable_key
from helpdesk.core.secret_key import LONGEST, SHORTEST, new_key
from tests.production.deployment import python, safe

COMMAND = ("manage.py", "generate_secret_key")
NOTHING_SET = {
    "nothing": {},
    "production, and nothing else": {"DJANGO_SETTINGS_MODULE": "config.settings.production"},
    "nonsense": {"DJANGO_SETTINGS_MODULE": "nowhere", "DATABASE_URL": "nonsense", "DJANGO_SECRET_KEY_FILE": "/nowhere"},
}


@pytest.mark.parametrize("env", NOTHING_SET.values(), ids=NOTHING_SET)
def test_a_key_is_printed_before_anything_is_configured(env):
    ended = python(*COMMAND, env=env)

    assert (ended.returncode, ended.stderr) == (0, "")
    assert len(ended.stdout) == 65
    assert not guessable_key(ended.stdout.removesuffix("\n"))


def test_production_starts_with_it(db):
    key = python(*COMMAND, env={}).stdout.strip()

    assert python("manage.py", "check", env=safe(DJANGO_SECRET_KEY=key)).returncode == 0


def test_the_refusal_names_the_command(db):
    for given in (None, "short"):
        ended = python("manage.py", "check", env=safe(DJANGO_SECRET_KEY=given))
        assert ended.stderr.endswith("Make one: python manage.py generate_secret_key\n")


@pytest.mark.parametrize("length", [SHORTEST, 99, LONGEST])
def test_it_is_as_long_as_one_asks(length):
    assert len(python(*COMMAND, f"--length={length}", env={}).stdout) == length + 1


@pytest.mark.parametrize("length", ["49", "0", "-1", "1001", "many", ""])
def test_a_length_that_production_would_refuse_is_refused(length):
    ended = python(*COMMAND, f"--length={length}", env={})

    assert ended.returncode != 0
    assert ended.stdout == ""
    assert "--length" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_keys_differ_and_hold_what_needs_no_quotes():
    keys = {new_key() for _ in range(200)}

    assert len(keys) == 200
    assert all(key.replace("-", "").replace("_", "").isalnum() and key.isascii() for key in keys)
    assert not any(map(guessable_key, keys))
