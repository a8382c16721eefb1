"""The Spanish README says what the English one says."""

import re
from pathlib import Path

from tests.docs.pages import code, links
from tests.servers import ROOT


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
