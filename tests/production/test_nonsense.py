"""Values that mean nothing: each is named in one line, by every set of settings, and nothing else is said."""

import pytest

from tests.production.deployment import python, refusals, safe
from tests.production.test_secrets import settings

NONSENSE = {
    "LIST_CACHE_SECONDS": ["soon", "-1", "1e3"],
    "SWEEP_SECONDS": ["soon", "0", "-4", "nan", "inf"],
    "EMAIL_PORT": ["smtp", "0", "-25", "65536"],
    "EMAIL_TIMEOUT": ["0"],
    "EMAIL_USE_TLS": ["ture", "2", "STARTTLS"],
    "LOG_FORMAT": ["xml", "JSON"],
    "LOG_LEVEL": ["loud", "17"],
    "API_MAX_BODY_BYTES": ["1 MB", "0"],
    "DATABASE_POOL_SIZE": ["many", "0"],
    "DATABASE_STATEMENT_TIMEOUT_MS": ["30s", "-1"],
    "DATABASE_LOCK_TIMEOUT_MS": ["10s", "2147483648"],
    "DATABASE_URL": ["helpdesk", "mysql://u:n0body@db/desk"],
    "POSTGRES_PORT": ["pg"],
    "REDIS_URL": ["redis", "http://redis/0"],
    "CHANNELS_REDIS_URL": ["redis:6379"],
    "CELERY_BROKER_URL": ["unix:///tmp/redis.sock"],
    "TICKET_PATH": ["/tickets/{number}", "/tickets/{", "/tickets/{}"],
    "DJANGO_ALLOWED_HOSTS": ["https://desk.acme.test", "desk.acme.test:443"],
    "ALLOWED_ORIGINS": ["app.acme.test", "https://app.acme.test/page"],
    "PUBLIC_URL": ["desk.acme.test", "https://"],
}
ROUNDS = [
    {name: values[number] for name, values in NONSENSE.items() if number < len(values)}
    for number in range(max(map(len, NONSENSE.values())))
]


@pytest.mark.parametrize("which", ["local", "test", "production"])
@pytest.mark.parametrize("values", ROUNDS, ids=range(len(ROUNDS)))
def test_each_value_that_means_nothing_has_its_line(db, which, values):
    ended = python("manage.py", "check", env=safe(DJANGO_SETTINGS_MODULE=f"config.settings.{which}", **values))

    said = refusals(ended)
    assert {line.split()[3] for line in said if "cannot be read" in line} == set(values)
    assert ended.stderr.splitlines() == said


def test_an_empty_variable_is_one_that_is_not_set(db):
    names = ("LOG_FORMAT", "EMAIL_PORT", "TICKET_RECEIPT_EMAIL", "RATE_LIMIT_ENABLED", "LIST_CACHE_SECONDS")

    found = settings(*names, env=safe(**dict.fromkeys(names, "")))

    assert found == ["json", 25, True, True, 300]


def test_blanks_in_a_list_and_a_last_slash_are_forgiven(db):
    env = safe(
        DJANGO_ALLOWED_HOSTS="desk.acme.test, .acme.test", ALLOWED_ORIGINS="https://a.test/, *", LOG_LEVEL="warning"
    )

    found = settings("ALLOWED_HOSTS", "ALLOWED_ORIGINS", "LOG_LEVEL", env=env)

    assert found == [["desk.acme.test", ".acme.test"], ["https://a.test", "*"], "WARNING"]
