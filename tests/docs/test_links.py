"""Every link leads somewhere, and every page can be found."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.docs.pages import PAGES, links, name_of, prose, targets
from tests.servers import ROOT


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


# Where nobody is: names reserved for examples.
EXAMPLES = re.compile(r"(?:^|\.)(?:example|test|invalid)(?:\.|$)|^(?:127\.0\.0\.1|localhost)$")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_link_to_another_host_has_the_form_of_one(page):
    """A build must not depend on somebody else's server, so nobody is asked whether the page is there."""
    foreign = [urlsplit(target) for target in targets(page) if re.match(r"[a-z]+:", target)]
    wrong = [
        url.geturl()
        for url in foreign
        if url.scheme != "https" or "." not in url.netloc or EXAMPLES.search(url.hostname or "")
    ]

    assert wrong == []
