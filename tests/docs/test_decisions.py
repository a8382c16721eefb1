"""Every decision has the same form, and stands in the index."""

import re

from tests.docs.pages import DOCS

RECORDS = sorted((DOCS / "adr").glob("[0-9]*.md"))


def test_decisions_are_numbered_without_gaps():
    assert [int(record.name[:4]) for record in RECORDS] == list(range(1, len(RECORDS) + 1))


def test_decisions_are_dated_and_complete():
    for record in RECORDS:
        text = record.read_text()
        assert re.match(rf"# {record.name[:4]}\. .+\n\n\d{{4}}-\d\d-\d\d · accepted\n", text), record.name
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"], record.name


def test_the_index_has_the_title_of_every_decision():
    told = dict(re.findall(r"^- \[(.+)\]\((\d{4}-.+\.md)\)$", (DOCS / "adr/README.md").read_text(), re.MULTILINE))

    assert sorted((name, title) for title, name in told.items()) == [
        (record.name, record.read_text().splitlines()[0].removeprefix("# ")) for record in RECORDS
    ]
