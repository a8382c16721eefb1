"""The pages of the documentation, and what the tests read out of them."""

import re
from pathlib import Path

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


def links(page: Path) -> list[str]:
    """The targets in this repository."""
    return [target for target in targets(page) if not re.match(r"[a-z]+:", target)]


def targets(page: Path) -> list[str]:
    return re.findall(r"\]\(([^)\s]+)\)", prose(page))
