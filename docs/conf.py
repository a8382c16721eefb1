# ruff: noqa: INP001
"""How the pages become a web site: `.venv/bin/sphinx-build -W --keep-going -c docs . .local/docs` in the top directory.

The source is the whole checkout, so that the pages at its top belong to the site, and links lead where they lead on a
code host.
"""

import re
import shutil
import tomllib
from pathlib import Path

from sphinx.application import Sphinx

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

project = "Helpdesk"
version = release = PROJECT["version"]
language = "en"

root_doc = "README"
include_patterns = ["*.md", "docs/*.md", "docs/**/*.md"]
exclude_patterns = sorted({path.name for path in ROOT.iterdir() if path.is_dir()} - {"docs"})

extensions = ["myst_parser"]
myst_heading_anchors = 4

html_theme = "furo"
html_title = "Helpdesk"
html_copy_source = False
html_show_copyright = False
html_show_sphinx = False


def list_contents(_app: Sphinx, docname: str, source: list[str]) -> None:
    """What a README links to in its directory, and the READMEs one level below, are the contents of the site."""
    if docname.rpartition("/")[2] == "README":
        pages = dict.fromkeys(re.findall(r"\]\(([\w.-]+|[\w-]+/README)\.md\)", source[0]))
        source[0] += "\n```{toctree}\n:hidden:\n" + "\n".join(pages) + "\n```\n"


def open_at_the_readme(app: Sphinx, failure: Exception | None) -> None:
    """A web server looks for `index.html`."""
    if app.builder.name == "html" and not failure:
        shutil.copy(app.outdir / "README.html", app.outdir / "index.html")


def setup(app: Sphinx) -> None:
    app.connect("source-read", list_contents)
    app.connect("build-finished", open_at_the_readme)
