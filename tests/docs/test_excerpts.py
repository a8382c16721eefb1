"""What the pages show of the code stands in the code."""

import re
from typing import Any

import pytest

from tests.docs.pages import PAGES, name_of
from tests.servers import ROOT

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
