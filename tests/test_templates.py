"""What a code host and an editor read of this repository names things that exist."""

import json
import os
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.specifiers import SpecifierSet

from tests.servers import ROOT

GITHUB = ROOT / ".github"
FORMS = sorted(set(GITHUB.glob("ISSUE_TEMPLATE/*.yml")) - {GITHUB / "ISSUE_TEMPLATE/config.yml"})
TEMPLATES = [*FORMS, GITHUB / "pull_request_template.md", GITHUB / "dependabot.yml", GITHUB / "workflows/ci.yml"]


def parsed(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def devcontainer() -> dict[str, Any]:
    return json.loads((ROOT / ".devcontainer/devcontainer.json").read_text())


def pythons() -> list[str]:
    """As the workflow tries them."""
    return parsed(GITHUB / "workflows/ci.yml")["jobs"]["run"]["strategy"]["matrix"]["python"]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.stem)
def test_a_form_has_what_a_code_host_needs_to_show_it(form):
    content = parsed(form)
    fields = [field for field in content["body"] if field["type"] != "markdown"]

    assert {"name", "description", "body"} <= set(content)
    assert all(re.fullmatch(r"[\w-]+", field["id"]) and field["attributes"]["label"] for field in fields)
    assert len({field["id"] for field in fields}) == len(fields)
    assert {field["type"] for field in fields} <= {"textarea", "input", "dropdown", "checkboxes"}


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.name)
def test_a_template_names_files_that_exist(template):
    named = set(re.findall(r"`(?:\.venv/bin/python )?([\w./-]+[/.][\w./-]+)`", template.read_text()))
    named |= set(re.findall(r"^\s+- (docker-compose\S+)$", template.read_text(), re.MULTILINE))

    assert [name for name in named if not (ROOT / name).exists()] == []


def test_dependabot_looks_at_every_dockerfile():
    updates = parsed(GITHUB / "dependabot.yml")["updates"]
    (docker,) = (update for update in updates if update["package-ecosystem"] == "docker")
    present = {f"/{file.parent.relative_to(ROOT)}" for file in ROOT.glob("compose/**/Dockerfile*")}

    assert set(docker["directories"]) == present


def test_dependabot_looks_after_each_kind_of_dependency():
    kinds = {update["package-ecosystem"] for update in parsed(GITHUB / "dependabot.yml")["updates"]}

    assert kinds == {"pip", "docker", "docker-compose", "devcontainers", "github-actions"}


def test_the_workflow_runs_what_a_change_must_pass_on_every_python_that_is_supported():
    (job,) = parsed(GITHUB / "workflows/ci.yml")["jobs"].values()
    commands = [step["run"] for step in job["steps"] if "run" in step]
    required = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]

    assert [command for command in commands if not os.access(ROOT / command, os.X_OK)] == []
    assert ".ci/run" in commands
    assert all(version in SpecifierSet(required) for version in pythons())


def test_the_dev_container_runs_on_a_python_that_is_tested():
    version = re.search(r":(3\.\d+)", devcontainer()["image"])[1]

    assert version in pythons()


def test_the_dev_container_installs_by_a_command_that_exists():
    command, verb, *_arguments = devcontainer()["postCreateCommand"].split()

    assert os.access(ROOT / command, os.X_OK)
    assert f"\n{command} {verb}" in (ROOT / "run").read_text()


def test_the_dev_container_forwards_the_ports_of_run():
    defaults = re.search(r"PORT=(\d+) MAIL_PORT=(\d+)", (ROOT / "run").read_text())
    ports = devcontainer()["forwardPorts"]

    assert ports == [int(port) for port in defaults.groups()]
    assert [int(port) for port in devcontainer()["portsAttributes"]] == ports
