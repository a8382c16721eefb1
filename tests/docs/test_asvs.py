"""The page about OWASP ASVS has every requirement of levels 1 and 2, and names tests that exist."""

import ast
from collections import Counter

import pytest

from tests.docs.pages import REFERENCE, code, rows
from tests.servers import ROOT

PAGE = REFERENCE / "asvs.md"
STATUSES = {"Met", "Partly", "Not met", "Not applicable"}
# How many requirements of levels 1 and 2 ASVS 5.0.0 has, for each section of each chapter; those of level 3 stand behind
# them.
CHAPTERS = (
    (2, 9, 11, 3, 2),
    (3, 3, 4, 1),
    (0, 2, 4, 6, 5, 0, 2),
    (3, 1, 2, 4),
    (1, 3, 2, 3),
    (3, 12, 4, 4, 5, 3, 0, 4),
    (3, 4, 2, 5, 2, 2),
    (2, 3, 1, 1),
    (3, 4),
    (2, 2, 4, 11, 5, 2, 3),
    (2, 3, 3, 4, 1, 1),
    (3, 2, 4),
    (1, 5, 2, 5),
    (2, 4, 3),
    (3, 3, 7),
    (1, 5, 4, 3, 3),
    (1, 4, 2),
)
REQUIREMENTS = [
    f"{chapter}.{section}.{n}"
    for chapter, sections in enumerate(CHAPTERS, 1)
    for section, count in enumerate(sections, 1)
    for n in range(1, count + 1)
]
ROWS = rows(PAGE, first="Requirement")


def test_the_standard_has_as_many() -> None:
    assert len(REQUIREMENTS) == 253


def test_each_requirement_has_one_row_in_its_place() -> None:
    found: list[str] = []
    for numbers, *_rest in ROWS:
        first, _, last = numbers.partition("\u2013")
        found += REQUIREMENTS[REQUIREMENTS.index(first) : REQUIREMENTS.index(last or first) + 1]

    assert found == REQUIREMENTS


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_row_says_how_or_why_not_and_what_shows_it(row: list[str]) -> None:
    _numbers, _what, status, how, tests = row

    assert status in STATUSES
    # What is met shows it; what is not says why.
    assert code(tests) or status in {"Not met", "Not applicable"}
    assert how or status == "Met"


@pytest.mark.parametrize("node", sorted({node for row in ROWS for node in code(row[4])}))
def test_each_test_exists(node: str) -> None:
    file, _, name = node.partition("::")
    path = ROOT / file

    assert path.exists(), node
    if name:
        defined = {getattr(part, "name", "") for part in ast.walk(ast.parse(path.read_text()))}
        assert name in defined, node


def test_the_page_says_how_much_is_what() -> None:
    """Counted, not guessed: the sum of it stands on the page."""
    counts = Counter(row[2] for row in ROWS)
    told = ", ".join(f"{counts[status]} {status.lower()}" for status in ("Met", "Partly", "Not met"))

    assert f"{len(ROWS)} rows: {told}, the rest not applicable." in PAGE.read_text()
