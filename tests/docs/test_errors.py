"""The errors page lists the codes that the code gives."""

import ast
import importlib
from collections.abc import Iterator

from rest_framework import exceptions as drf

from helpdesk.api import parsers, problems
from helpdesk.api.errors import STATUSES, problem_for
from helpdesk.core.errors import DomainError
from tests.docs.pages import REFERENCE, code, rows
from tests.servers import ROOT

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
    others.add(("416", "range_not_satisfiable"))  # of a download, which is no view's exception
    told = {(status, code(name)[0]) for status, name, _when in rows(REFERENCE / "errors.md", first="Status")}

    # Of a download, which no operation refuses.
    others.add(("416", "range_not_satisfiable"))
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
