"""The pages become a web site without a warning, and the site needs nobody else."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import PAGES
from tests.servers import ROOT

# What a browser fetches by itself. A link that somebody may follow is none of it.
FETCHED = re.compile(
    r"""<(?:script|img|source|iframe|audio|video|embed)\b[^>]*\bsrc=["']?(?:https?:)?//[^>]*>"""
    r"""|<link\b(?![^>]*\brel=["']?(?:canonical|next|prev)\b)[^>]*\bhref=["']?(?:https?:)?//[^>]*>"""
    r"""|@import\s+(?:url\()?["']?(?:https?:)?//[^;]*|\burl\(\s*["']?(?:https?:)?//[^)]*""",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Warnings are errors: a link or an anchor that leads nowhere, a page that nobody lists, a language that is unknown."""
    place = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-c", "docs", "-d", place / "trees"]
    done = subprocess.run([*command, ".", place / "html"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return place / "html"


def test_every_page_is_on_the_site(site):
    expected = {page.relative_to(ROOT).with_suffix(".html") for page in PAGES}

    assert expected - {page.relative_to(site) for page in site.rglob("*.html")} == set()


def test_the_site_opens_at_the_readme(site):
    assert (site / "index.html").read_text() == (site / "README.html").read_text()


def test_the_site_loads_nothing_from_another_host(site):
    files = [file for ending in ("html", "css") for file in site.rglob(f"*.{ending}")]
    found = {f"{file.relative_to(site)}: {match[0]}" for file in files for match in FETCHED.finditer(file.read_text())}

    assert files
    assert found == set()


@pytest.mark.parametrize(
    "text",
    [
        '<script defer src="https://cdn.example.com/a.js"></script>',
        "<link rel='stylesheet' href='//fonts.example.com/css'>",
        "@import url(https://fonts.example.com/css);",
        "src: url( 'http://fonts.example.com/a.woff2' )",
    ],
)
def test_a_foreign_host_would_be_found(text):
    assert FETCHED.search(text)


def test_the_site_can_be_searched(site):
    assert "helpdesk" in (site / "searchindex.js").read_text()
