"""The page itself: who may have it, and what it may load."""

import re

import pytest
from django.contrib.staticfiles import finders

from tests.clients import strip

PATH = "/console/"


def test_it_is_there_where_it_is_wanted_and_nowhere_else(client, settings):
    assert client.get(PATH).status_code == 200
    assert client.get("/console").headers["Location"] == PATH
    settings.CONSOLE_ENABLED = False
    assert client.get(PATH).status_code == 404


def test_only_a_developers_machine_has_it_unless_asked():
    from tests.servers import ROOT

    settings = {name: (ROOT / f"config/settings/{name}.py").read_text() for name in ("local", "production")}
    assert 'CONSOLE_ENABLED = env.bool("CONSOLE_ENABLED", default=True)' in settings["local"]
    assert "CONSOLE_ENABLED" not in settings["production"]
    assert '"CONSOLE_ENABLED", default=False' in (ROOT / "config/settings/components/rest.py").read_text()


def test_it_loads_nothing_from_elsewhere_and_nothing_inline(client):
    page = client.get(PATH)
    policy = page.headers["Content-Security-Policy"]
    sources = {word for directive in policy.split("; ") for word in directive.split()[1:]}

    assert sources == {"'none'", "'self'", "data:", "ws://testserver", "wss://testserver"}
    assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", page.content.decode()) == []


def test_everything_it_needs_is_served_here(client):
    files = re.findall(r'(?:src|href)="/static/([^"]+)"', client.get(PATH).content.decode())
    modules = {f"console/{name}" for name in re.findall(r'from "\./(\w+\.js)"', _modules())}

    assert len(files) == 2
    assert len(modules) == 7
    assert [file for file in {*files, *modules} if not finders.find(file)] == []


def _modules() -> str:
    return "".join(path.read_text() for path in strip.MODULE.parent.glob("*.js"))


def test_it_speaks_by_the_client_that_is_documented():
    assert strip.MODULE.read_text() == strip.stripped()


@pytest.mark.parametrize("word", ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("])
def test_what_people_wrote_never_becomes_html(word):
    assert word not in _modules()
