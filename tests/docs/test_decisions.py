"""Every decision has the same form."""

import re

from tests.docs.pages import DOCS


def test_decisions_are_numbered_dated_and_complete():
    records = sorted((DOCS / "adr").glob("*.md"))

    assert [int(record.name[:4]) for record in records] == list(range(1, len(records) + 1))
    for record in records:
        text = record.read_text()
        assert re.match(rf"# {record.name[:4]}\. .+\n\n\d{{4}}-\d\d-\d\d · accepted\n", text), record.name
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"], record.name
