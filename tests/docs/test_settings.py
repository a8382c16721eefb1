"""The settings page lists the variables that the code reads, with their defaults."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import chain
from typing import Any

import pytest

from tests.docs.pages import PAGES, REFERENCE, code, name_of, prose, rows
from tests.servers import ROOT

NAME = re.compile(r"[A-Z][A-Z0-9_]{2,}")
# Wherever a variable's name may stand as an argument or a subscript.
ENVIRONMENTS = frozenset({"env", "environ", "environment"})


def plain(node: ast.expr) -> Any:
    """The value of a literal, also of `1024 * 1024`; None if it has to be computed."""
    try:
        return eval(compile(ast.Expression(node), "", "eval"), {"__builtins__": {}})
    except NameError:
        return None


def as_written(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case list():
            return ",".join(value)
        case _:
            return str(value)


def base_name(node: ast.expr) -> str:
    """`environ` of `os.environ.get`, `env` of `env.bool`, `_port` of `_port`."""
    if isinstance(node, ast.Call):
        return base_name(node.func)
    if isinstance(node, ast.Attribute):
        return base_name(node.value) if node.attr not in ENVIRONMENTS else node.attr
    return node.id if isinstance(node, ast.Name) else ""


def read_by_python(directory: str) -> Iterator[tuple[str, str | None]]:
    """Each variable that the code reads, with its default; None where it has none."""
    for file in sorted((ROOT / directory).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and base_name(node.func) in ENVIRONMENTS:
                default = next((plain(k.value) for k in node.keywords if k.arg == "default"), None)
                names = node.args[:1]
            elif isinstance(node, ast.Call) and base_name(node.func) in {"_port", "wanted_port"}:
                names, default = node.args[-2:-1], node.args[-1]
                default = plain(default) if isinstance(default, ast.Constant) else None
            elif isinstance(node, ast.Compare) and base_name(node.comparators[0]) in ENVIRONMENTS:
                names, default = [node.left], None
            else:
                continue
            for name in names:
                if isinstance(name, ast.Constant) and isinstance(name.value, str) and NAME.fullmatch(name.value):
                    yield name.value, None if default is None else as_written(default)


def read_by_the_shell() -> Iterator[tuple[str, str | None]]:
    text = (ROOT / "run").read_text()
    own = set(re.findall(r"^([A-Z_]+)=\S", text, re.MULTILINE))
    for name, default in re.findall(r"\$\{([A-Z][A-Z_]+)(?::-([^}]*))?\}", text):
        if name not in own:
            yield name, default or None


def read_by_containers() -> Iterator[tuple[str, str | None]]:
    """By the files for Compose, and by the programs in the images."""
    for file in [*ROOT.glob("docker-compose.*.yml"), *(file for file in ROOT.glob("compose/**/*") if file.is_file())]:
        for name, default in re.findall(r"\$\{([A-Z][A-Z_]+)(?::?-([^}]*))?", file.read_text()):
            yield name, None if "$" in default else default or None


def variables() -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    readings = [read_by_python("config"), read_by_python("helpdesk/local"), read_by_the_shell(), read_by_containers()]
    for name, default in chain(*readings):
        found[name] |= {default} - {None}
    # Every X may be given as X_FILE, which names a file that holds it.
    for name in [name for name in found if name.removesuffix("_FILE") in {*found} - {name}]:
        del found[name]
    # The code asks Django for this one.
    return found | {"DJANGO_SETTINGS_MODULE": {"config.settings.local"}}


@pytest.fixture(scope="module")
def settings_table() -> dict[str, str]:
    return {code(name)[0]: default for name, default, _effect in rows(REFERENCE / "settings.md", first="Variable")}


def test_the_settings_page_lists_what_the_code_reads(settings_table):
    assert set(settings_table) == set(variables())


def test_the_settings_page_has_the_defaults_of_the_code(settings_table):
    told = {name: (code(default) or [""])[0] for name, default in settings_table.items()}
    wrong = {name: told[name] for name, defaults in variables().items() if defaults and told[name] not in defaults}

    assert wrong == {}


def test_no_variable_is_mentioned_that_does_not_exist(settings_table):
    known = {*settings_table, *(f"{name}_FILE" for name in settings_table), *CONSTANTS}
    unknown = {
        f"{name_of(page)}: {name}"
        for page in PAGES
        for text in code(prose(page))
        for name in re.findall(r"^([A-Z]{2,}(?:_[A-Z0-9]+)+)(?:=.*)?$", text)
        if name not in known
    }

    assert unknown == set()


# Names in capitals that are no variables of the environment.
CONSTANTS = frozenset({"EVENT_TYPES", "CONN_MAX_AGE"})
