"""The page of commands lists what can be run, with every option and its default."""

import re
import shlex
from argparse import Action
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands, load_command_class
from django.core.management.base import BaseCommand

from tests.docs.pages import PAGES, REFERENCE, name_of
from tests.servers import ROOT

PAGE = (REFERENCE / "commands.md").read_text()
OURS = {name: app for name, app in get_commands().items() if isinstance(app, str) and app.startswith("helpdesk.")}


def sections() -> dict[str, str]:
    return dict(re.findall(r"^## `(.+?)`\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))


def options(command: BaseCommand) -> dict[str, Action]:
    parser = command.create_parser("manage.py", "command")
    return {action.option_strings[-1]: action for action in parser._actions if action.option_strings}


def as_told(action: Action) -> Any:
    if action.const is True:
        return "off"
    return "any" if action.default is None else str(action.default)


def test_the_page_has_every_command_of_ours():
    assert set(sections()) == {"./run", *OURS}


@pytest.mark.parametrize("name", sorted(OURS))
def test_the_page_has_the_options_of_a_command_with_their_defaults(name):
    everybodys = set(options(BaseCommand()))
    expected = {
        option: as_told(action)
        for option, action in options(load_command_class(OURS[name], name)).items()
        if option not in everybodys
    }
    told = dict(re.findall(r"^\| `(--[\w-]+)` \| `?(\w+)`? \|", sections()[name], re.MULTILINE))

    assert told == expected


def test_the_page_has_the_commands_for_backups():
    present = {file.name for file in ROOT.glob("compose/production/postgres/maintenance/*") if file.is_file()}
    table = PAGE.partition("\n## Backups\n")[2].partition("\n## ")[0]

    assert set(re.findall(r"^\| `(\w+)", table, re.MULTILINE)) == present


def test_the_page_has_the_verbs_of_run():
    usage = (ROOT / "run").read_text().partition("<<'TEXT'\n")[2].partition("\nTEXT")[0]

    assert re.findall(r"^\| `(\./run ?\w*)` \|", sections()["./run"], re.MULTILINE) == re.findall(
        r"^(\./run(?: \w+)?)", usage, re.MULTILINE
    )


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_page_names_only_commands_that_exist(page):
    named = re.findall(r"(?:\./run manage|python manage\.py|\./manage\.py) ([a-z]\w*)", page.read_text())

    assert set(named) - {*get_commands(), "help"} == set()
    assert set(re.findall(r"\./run ([a-z]+)", page.read_text())) <= {"test", "manage", "help"}


# --- docker compose --------------------------------------------------------------------------------

OF_ONE_SERVICE = {"run", "exec"}
OF_SERVICES = {"up", "logs", "restart", "stop", "start", "ps", "build", "pull"}


def compose_commands(page: Path) -> Iterator[tuple[str, str, list[str]]]:
    """The file, the verb, and the services of each `docker compose …` on the page."""
    for line in re.findall(r"docker compose ([^`\n|#;&]+)", page.read_text()):
        words, file = shlex.split(line.replace("…", "")), "docker-compose.local.yml"
        while words and words[0].startswith("-"):
            option, *words = words
            if option in {"-f", "-p", "--file", "--project-name", "--profile"}:
                value, *words = words
                file = value if option in {"-f", "--file"} else file
        if words:
            verb, *arguments = words
            names = [argument.partition("=")[0] for argument in arguments if not argument.startswith("-")]
            yield file, verb, names[:1] if verb in OF_ONE_SERVICE else names if verb in OF_SERVICES else []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_compose_command_names_services_that_exist(page):
    for file, verb, names in compose_commands(page):
        services = yaml.safe_load((ROOT / file).read_text())["services"]

        assert set(names) <= set(services), f"{file}: {verb}"
