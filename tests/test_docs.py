"""The documentation says what the code does: links lead somewhere, tables match, excerpts exist."""

import ast
import dataclasses
import importlib
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rest_framework import exceptions as drf

from helpdesk.accounts.roles import GRANTS, Permission
from helpdesk.api import parsers, problems
from helpdesk.api.errors import STATUSES, problem_for
from helpdesk.core.errors import DomainError
from helpdesk.events.declaration import EVENT_TYPES, Event
from tests.servers import ROOT

DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
REFERENCE = DOCS / "reference"
FENCE = re.compile(r"^```[^\n]*\n.*?^```$", re.MULTILINE | re.DOTALL)


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def prose(page: Path) -> str:
    return FENCE.sub("", page.read_text())


def rows(page: Path, *, first: str) -> list[list[str]]:
    """The cells of every table of the page whose header begins with `first`."""
    found: list[list[str]] = []
    inside = False
    for line in prose(page).splitlines():
        if not line.startswith("|"):
            inside = False
            continue
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]
        if inside and not set(line) <= set("|-: "):
            found.append(cells)
        inside = inside or cells[0] == first
    return found


def code(cell: str) -> list[str]:
    return re.findall(r"`([^`]*)`", cell)


# --- links -----------------------------------------------------------------------------------------


def links(page: Path) -> Iterator[str]:
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if not re.match(r"[a-z]+:", target):
            yield target


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_somewhere(page):
    broken = []
    for link in links(page):
        path, _hash, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)

    assert broken == []


def test_every_page_can_be_reached_from_the_readme():
    reached, new = set(), {ROOT / "README.md"}
    while new:
        reached |= new
        targets = {(page.parent / link.partition("#")[0]).resolve() for page in new for link in links(page)}
        new = {target for target in targets if target.suffix == ".md" and target.exists()} - reached

    assert {name_of(page) for page in PAGES} - {name_of(page) for page in reached} == set()


# --- the two READMEs -------------------------------------------------------------------------------


def structure(page: Path) -> list[str]:
    """What a translation keeps: the levels of headings, code, links, and the first cells of tables."""
    found: list[str] = []
    text = page.read_text()
    for block in re.finditer(r"^```.*?^```$|^(#+) [^\n]*$|^\|([^|\n]*)\|[^\n]*$", text, re.MULTILINE | re.DOTALL):
        if block[1]:
            found.append(block[1])
        elif block[2] is None:
            # Comments are translated, commands are not.
            found.append(re.sub(r"\s*(#|//) .*", "", block[0]))
        else:
            found.append(" ".join(code(block[2])))
    return found


def test_both_readmes_have_the_same_parts():
    english, spanish = structure(ROOT / "README.md"), structure(ROOT / "README.es.md")

    assert english == spanish


def test_both_readmes_link_to_the_same_pages():
    english, spanish = (ROOT / "README.md", ROOT / "README.es.md")

    assert {*links(english)} - {spanish.name} == {*links(spanish)} - {english.name}


# --- excerpts --------------------------------------------------------------------------------------

# ```python helpdesk/tickets/enums.py  shows lines of that file; "..." alone in a line stands for others.
EXCERPT = re.compile(r"^```\w+ (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
GAP = re.compile(r"^[ ]*(?:# )?\.\.\.\n", re.MULTILINE)


def excerpts() -> list[Any]:
    return [
        pytest.param(file, piece, id=f"{name_of(page)}-{file}-{number}")
        for page in PAGES
        for number, (file, text) in enumerate(EXCERPT.findall(page.read_text()))
        for piece in GAP.split(text)
        if piece.strip()
    ]


@pytest.mark.parametrize(("file", "piece"), excerpts())
def test_an_excerpt_stands_in_its_file(file, piece):
    assert piece.strip("\n") in (ROOT / file).read_text()


# --- settings --------------------------------------------------------------------------------------

NAME = re.compile(r"[A-Z][A-Z0-9_]{2,}")
# Wherever a variable's name may stand as an argument or a subscript.
ENVIRONMENTS = frozenset({"env", "environ", "environment"})


def plain(node: ast.expr) -> Any:
    """The value of a literal, also of `1024 * 1024`."""
    return eval(compile(ast.Expression(node), "", "eval"), {"__builtins__": {}})


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


def variables() -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for name, default in [*read_by_python("config"), *read_by_python("helpdesk/local"), *read_by_the_shell()]:
        found[name] |= {default} - {None}
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
    known = {*settings_table, *CONSTANTS}
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


# --- events ----------------------------------------------------------------------------------------

PERSON = {"id": 5, "username": "agent_1", "name": "", "role": "agent"}
SAMPLES: dict[str, Any] = {
    "ticket_id": 7,
    "title": "Printer on fire",
    "description": "It burns.",
    "creator_id": 1,
    "assignee_ids": [],
    "creator": PERSON | {"username": "customer_1"},
    "assignee": None,
    "priority": "medium",
    "status": "open",
    "old_status": "open",
    "new_status": "in_progress",
    "old_priority": "medium",
    "new_priority": "high",
    "old_assignee": None,
    "new_assignee": PERSON,
    "fields": {"title": ["a", "b"], "description": ["c", "d"]},
    "comment_id": 9,
    "author": "agent_1",
    "content": "Water helps.",
    "old_content": "Sand helps.",
}


def sample(event_type: type[Event]) -> Event:
    return event_type(**{field.name: SAMPLES[field.name] for field in dataclasses.fields(event_type)})


def told_members(event: Event) -> str:
    """`ticket` (`id`, `title`), `changes` (`status`)"""
    return ", ".join(
        f"`{name}` ({', '.join(f'`{inner}`' for inner in members)})" for name, members in event.members.items()
    )


def test_the_event_catalogue_is_that_of_the_code():
    told = {code(name)[0]: cells for name, *cells in rows(REFERENCE / "events.md", first="Type")}
    expected = {}
    for name, event_type in EVENT_TYPES.items():
        event = sample(event_type)
        concerned = "assignee" if event_type.staff_only else "creator, assignee"
        expected[name] = [
            "agents" if event_type.staff_only else "creator, agents",
            "every agent" if event.pushed_to_agents else concerned,
            "yes" if event_type.echoed else "no",
            told_members(event),
            event.message,
        ]

    assert told == expected
    assert list(told) == list(EVENT_TYPES)


# --- errors ----------------------------------------------------------------------------------------

# What DRF itself raises out of our views.
OF_DRF = (
    drf.MethodNotAllowed("GET"),
    drf.NotAuthenticated(),
    drf.ParseError(),
    drf.Throttled(wait=1),
    drf.UnsupportedMediaType("text/plain"),
    drf.ValidationError({"title": ["No."]}),
    parsers.TooLarge(),
)


def subclasses(family: type[DomainError]) -> Iterator[type[DomainError]]:
    for kind in family.__subclasses__():
        yield kind
        yield from subclasses(kind)


def names_raised() -> set[str]:
    """Everything that is called or raised by name, anywhere."""
    nodes = [node for file in (ROOT / "helpdesk").rglob("*.py") for node in ast.walk(ast.parse(file.read_text()))]
    things = [
        node.func if isinstance(node, ast.Call) else node.exc
        for node in nodes
        if isinstance(node, ast.Call | ast.Raise)
    ]
    return {getattr(thing, "id", getattr(thing, "attr", "")) for thing in things}


def test_the_errors_page_lists_the_codes_of_the_code():
    importlib.import_module("config.urls")  # and with it every operation
    raised = names_raised()
    domain = {
        (str(next(STATUSES[family] for family in kind.__mro__ if family in STATUSES)), kind.code)
        for kind in subclasses(DomainError)
        if kind.__name__ in raised and kind.__module__.startswith("helpdesk.") and ".realtime." not in kind.__module__
    }
    known = [*map(problem_for, OF_DRF), *(problem() for problem in problems.STANDARD.values())]
    others = {(str(problem.status), problem.code) for problem in known if problem}
    told = {(status, code(name)[0]) for status, name, _when in rows(REFERENCE / "errors.md", first="Status")}

    assert told == domain | others | {("other", problems.standard(418).code)}


def test_the_errors_page_lists_the_codes_of_fields():
    given = set()
    for file in (ROOT / "helpdesk").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            codes = [k.value for k in node.keywords if k.arg == "code" and name == "ValidationError"]
            codes += node.args[1:2] if name == "FieldError" else []
            given |= {item.value for item in codes if isinstance(item, ast.Constant)}
    told = {name for cells in rows(REFERENCE / "errors.md", first="`code`") for name in code(cells[0])}

    assert given - told == set()


# --- roles -----------------------------------------------------------------------------------------


def test_the_roles_page_is_the_table_of_grants():
    told = {
        code(permission)[0]: [answer == "yes" for answer in answers]
        for permission, _what, *answers in rows(REFERENCE / "roles.md", first="Permission")
    }

    assert told == {str(p): [p in granted for granted in GRANTS.values()] for p in Permission}


# --- the rest --------------------------------------------------------------------------------------


def test_decisions_are_numbered_dated_and_complete():
    records = sorted((DOCS / "adr").glob("*.md"))

    assert [int(record.name[:4]) for record in records] == list(range(1, len(records) + 1))
    for record in records:
        text = record.read_text()
        assert re.match(rf"# {record.name[:4]}\. .+\n\n\d{{4}}-\d\d-\d\d · accepted\n", text), record.name
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"], record.name


def test_every_text_has_its_spanish():
    check = subprocess.run(
        [sys.executable, "locale/update.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert (check.stdout, check.returncode) == ("", 0)
