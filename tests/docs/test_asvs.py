"""The page about OWASP ASVS has every requirement of levels 1 and 2, and names tests that exist."""

import ast
from collections import Counter

import pytest

from tests.docs.pages import REFERENCE, code, rows
from tests.servers import ROOT

PAGE = REFERENCE / "asvs.md"
STATUSES = {"Met", "Pending", "Partly", "Not met", "Not applicable"}
# How many requirements of levels 1 and 2 each section of ASVS 5.0.0 has; those of level 3 stand behind them.
SECTIONS = {
    **{"1.1": 2, "1.2": 9, "1.3": 11, "1.4": 3, "1.5": 2},
    **{"2.1": 3, "2.2": 3, "2.3": 4, "2.4": 1},
    **{"3.2": 2, "3.3": 4, "3.4": 6, "3.5": 5, "3.7": 2},
    **{"4.1": 3, "4.2": 1, "4.3": 2, "4.4": 4},
    **{"5.1": 1, "5.2": 3, "5.3": 2, "5.4": 3},
    **{"6.1": 3, "6.2": 12, "6.3": 4, "6.4": 4, "6.5": 5, "6.6": 3, "6.8": 4},
    **{"7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5, "7.5": 2, "7.6": 2},
    **{"8.1": 2, "8.2": 3, "8.3": 1, "8.4": 1},
    **{"9.1": 3, "9.2": 4},
    **{"10.1": 2, "10.2": 2, "10.3": 4, "10.4": 11, "10.5": 5, "10.6": 2, "10.7": 3},
    **{"11.1": 2, "11.2": 3, "11.3": 3, "11.4": 4, "11.5": 1, "11.6": 1},
    **{"12.1": 3, "12.2": 2, "12.3": 4},
    **{"13.1": 1, "13.2": 5, "13.3": 2, "13.4": 5},
    **{"14.1": 2, "14.2": 4, "14.3": 3},
    **{"15.1": 3, "15.2": 3, "15.3": 7},
    **{"16.1": 1, "16.2": 5, "16.3": 4, "16.4": 3, "16.5": 3},
    **{"17.1": 1, "17.2": 4, "17.3": 2},
}
REQUIREMENTS = [f"{section}.{n}" for section, count in SECTIONS.items() for n in range(1, count + 1)]
ROWS = rows(PAGE, first="Requirement")


def test_the_standard_has_as_many() -> None:
    assert len(REQUIREMENTS) == 253


def test_each_requirement_has_one_row_in_its_place() -> None:
    found: list[str] = []
    for numbers, *_rest in ROWS:
        first, _, last = numbers.partition("–")
        found += REQUIREMENTS[REQUIREMENTS.index(first) : REQUIREMENTS.index(last or first) + 1]

    assert found == REQUIREMENTS


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_row_says_how_or_why_not_and_what_shows_it(row: list[str]) -> None:
    _numbers, _what, status, how, tests = row

    assert status in STATUSES
    # What is met shows it; what is not says why.
    assert code(tests) or status in {"Not met", "Not applicable"}
    assert how or status in {"Met", "Pending"}


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
    told = ", ".join(f"{counts[status]} {status.lower()}" for status in ("Met", "Pending", "Partly", "Not met"))

    assert f"{len(ROWS)} rows: {told}, the rest not applicable." in PAGE.read_text()
