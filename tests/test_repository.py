"""What no single module can promise: the files around the code agree with each other."""

import os
import re
import tomllib
from collections.abc import Iterable

import polib
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.servers import ROOT

LOCKS = ("base", "s3", "dev", "embedded")
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^ \\;]+)", re.MULTILINE)


@pytest.fixture(scope="module")
def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


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
        "s3": [*project["dependencies"], *extras["s3"]],
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


def test_the_compiled_translations_are_those_of_their_source():
    sources = list(ROOT.glob("locale/*/LC_MESSAGES/*.po"))

    assert sources
    for source in sources:
        assert texts(polib.mofile(source.with_suffix(".mo"))) == texts(polib.pofile(source).translated_entries())


def test_commands_are_executable():
    commands = ("run", ".ci/run", "requirements/compile")

    assert [command for command in commands if not os.access(ROOT / command, os.X_OK)] == []
