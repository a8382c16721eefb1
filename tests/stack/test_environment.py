"""What containers are given in their environment is read by somebody, and says what it shall."""

import json
import subprocess
import sys

import pytest

from tests.docs.pages import REFERENCE, code, rows
from tests.servers import ROOT
from tests.stack.files import COMPOSE, as_list, interpolated, services, variables_of
from tests.stack.image import clean

# The postgres image's own.
OF_OTHERS = {"LANG", "POSTGRES_INITDB_ARGS", "POSTGRES_HOST_AUTH_METHOD"}
EACH = [(name, service) for name in COMPOSE for service in services(name)]


def given(name: str, service: str) -> dict[str, str]:
    """The environment as Compose makes it: the files in their order, then what stands in the Compose file itself."""
    options = services(name)[service]
    # A deployment begins with the example.
    files = [
        file.replace(".envs/.production/", ".envs/.production.example/") for file in as_list(options.get("env_file"))
    ]
    own = {key: interpolated(value) for key, value in options.get("environment", {}).items()}
    return {key: value for file in files for key, value in variables_of(ROOT / file).items()} | own


@pytest.mark.parametrize(("name", "service"), EACH)
def test_what_a_container_is_given_is_a_setting(name, service):
    settings = {code(cell)[0] for cell, *_rest in rows(REFERENCE / "settings.md", first="Variable")}

    settings |= {f"{setting}_FILE" for setting in settings}

    assert set(given(name, service)) - settings - OF_OTHERS == set()


@pytest.mark.parametrize("service", services("production"))
def test_the_secrets_that_variables_name_are_the_ones_that_the_container_has(service):
    named = {
        value.removeprefix("/run/secrets/")
        for key, value in given("production", service).items()
        if key.endswith("_FILE") and value.startswith("/run/")
    }

    assert named == set(services("production")[service].get("secrets", []))


def test_a_local_container_finds_the_others_by_their_names():
    say = (
        "import json; from config.settings import local as s; d = s.DATABASES['default'];"
        "print(json.dumps([d['HOST'], d['NAME'], d['USER'], s.REDIS_URL, s.CELERY_BROKER_URL, s.EMAIL_HOST]))"
    )
    said = subprocess.run(
        [sys.executable, "-c", say],
        cwd=ROOT,
        env=clean(**given("local", "django")),
        capture_output=True,
        text=True,
        check=True,
    )

    assert json.loads(said.stdout) == [
        *("postgres", "helpdesk", "helpdesk"),
        *("redis://redis:6379/0", "redis://redis:6379/2", "mailpit"),
    ]


@pytest.mark.parametrize("name", COMPOSE)
def test_the_servers_that_settings_name_are_services(name):
    environment = given(name, "django")
    hosts = {environment["REDIS_URL"].split("//")[1].split(":")[0], environment.get("POSTGRES_HOST", "postgres")}
    hosts |= {environment["EMAIL_HOST"]} if name == "local" else set()

    assert hosts <= set(services(name))
