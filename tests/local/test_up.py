"""`./run` from outside: real checkouts, real servers, real signals."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.local.processes import NO_PROC, alive, descendants, left, outside
from tests.servers import HOST, ROOT, eventually, free_port

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self").exists(), reason=NO_PROC),
]

LEFT_OUT = shutil.ignore_patterns(".git", ".venv*", ".local", "__pycache__", ".*_cache", ".hypothesis", "tests", "docs")


class Checkout:
    """Code and data of its own."""

    def __init__(self, directory: Path, log: Path, **env: str) -> None:
        self.directory = directory
        self.log = log
        self.env = env
        self.process: subprocess.Popen[str] | None = None

    def run(self, *arguments: str) -> "subprocess.Popen[str]":
        with self.log.open("w") as log:
            return subprocess.Popen(
                [self.directory / "run", *arguments],
                cwd="/",
                env=outside(**self.env),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )

    def start(self) -> str:
        """Answers with the URL of the READY line."""
        self.process = self.run()
        line = self.process.stdout.readline()
        assert line.startswith(f"READY http://{HOST}:"), self.log.read_text()
        return line.split()[1]

    def processes(self) -> set[tuple[str, str]]:
        """The supervisor and everything below it; a pid and its start, since numbers are used again."""
        return {identity for pid in descendants(self.process.pid) if (identity := alive(pid))}

    def end(self, number: int) -> int:
        self.process.send_signal(number)
        with self.process:
            return self.process.wait(10)

    def remove(self) -> None:
        if self.process:
            self.end(signal.SIGTERM)


def signed_in(url: str) -> httpx.Client:
    answer = httpx.post(f"{url}/api/auth/token/", json={"username": "customer_1", "password": "testpass123"})
    access = answer.raise_for_status().json()["access"]
    return httpx.Client(base_url=url, headers={"Authorization": f"Bearer {access}"})


@pytest.fixture(scope="module")
def first() -> Iterator[tuple[Checkout, str]]:
    """This checkout, with other data than the developer's."""
    home = Path(tempfile.mkdtemp(prefix="helpdesk-up-", dir="/tmp"))
    home.chmod(0o711)  # for root's tests, PostgreSQL is another account's
    port = str(free_port())
    checkout = Checkout(ROOT, home / "log", HELPDESK_DATA=str(home / "data"), PORT=port, MAIL_PORT=port)
    try:
        yield checkout, checkout.start()
    finally:
        checkout.remove()
        shutil.rmtree(home)


@pytest.fixture
def second(tmp_path: Path, first: tuple[Checkout, str]) -> Iterator[Checkout]:
    """A copy of the code, which keeps its data where a checkout does, and wants the port that the first one has."""
    checkout = Checkout(tmp_path / "second", tmp_path / "log", PORT=first[0].env["PORT"])
    shutil.copytree(ROOT, checkout.directory, ignore=LEFT_OUT)
    yield checkout
    checkout.remove()
    shutil.rmtree((checkout.directory / ".local/data").resolve(), ignore_errors=True)


def test_one_command_brings_up_the_service_with_its_demo_data(first):
    checkout, url = first

    with signed_in(url) as client:
        opened = client.post("/api/tickets/", json={"title": "Mi ticket", "description": "No imprime."})
        mine = client.get("/api/tickets/", params={"page_size": 1}).json()

    assert httpx.get(f"{url}/readyz").json() == {"status": "ready"}
    assert (opened.status_code, mine["results"][0]["title"]) == (201, "Mi ticket")
    assert mine["count"] > 1
    assert f"curl -s {url}/api/auth/token/" in checkout.log.read_text()


def test_what_it_mails_is_seen_in_the_viewer(first):
    checkout, url = first
    viewer = next(word for word in checkout.log.read_text().split() if word.startswith("http") and url not in word)

    with signed_in(url) as client:
        client.post("/api/tickets/", json={"title": "Brief", "description": "-"}).raise_for_status()

    def brief() -> list[str]:
        mails = httpx.get(f"{viewer}api/v1/messages").json()["messages"]
        return [mail["Subject"] for mail in mails if "Brief" in mail["Subject"]]

    assert eventually(brief, seconds=30)


def test_a_second_start_says_where_the_first_one_runs(first):
    checkout, url = first
    log = checkout.log.read_text()

    with checkout.run() as again:
        said = again.stdout.read()
        code = again.wait(10)
    checkout.log.write_text(log)

    assert (said, code) == (f"already running: {url}\n", 1)
    assert httpx.get(f"{url}/readyz").status_code == 200


def test_manage_reaches_the_running_database(first):
    checkout, _url = first
    log = checkout.log.read_text()

    with checkout.run(
        "manage",
        "shell",
        "--no-imports",
        "-c",
        "from django.db import connection as c; c.ensure_connection(); print(c.settings_dict['NAME'])",
    ) as manage:
        said = manage.stdout.read()
        code = manage.wait(10)
    checkout.log.write_text(log)

    assert (said, code) == ("helpdesk\n", 0)


def test_a_second_checkout_runs_beside_the_first_and_survives_being_killed(first, second):
    _checkout, first_url = first
    url = second.start()

    assert url != first_url
    assert f"port {second.env['PORT']} is taken: using {url.rpartition(':')[2]} instead" in second.log.read_text()
    assert httpx.get(f"{first_url}/readyz").status_code == 200
    with signed_in(url) as client:
        ticket = client.post("/api/tickets/", json={"title": "Kept", "description": "-"}).json()

    before = second.processes()
    assert len(before) > 10
    second.end(signal.SIGKILL)
    eventually(lambda: not left(before), seconds=5)

    again = second.start()
    with signed_in(again) as client:
        assert client.get(f"/api/tickets/{ticket['id']}/").json()["title"] == "Kept"
    assert again == url

    running = second.processes()
    began = time.monotonic()
    assert second.end(signal.SIGINT) == 0
    assert time.monotonic() - began < 5
    assert left(running) == set()


def test_a_server_that_dies_is_named_with_the_end_of_its_log_and_takes_the_rest_along(first):
    checkout, _url = first
    running = checkout.processes()
    (mail,) = (pid for pid, _ in running if b"helpdesk.local.mail" in Path(f"/proc/{pid}/cmdline").read_bytes())

    os.kill(int(mail), signal.SIGABRT)

    with checkout.process as process:
        assert process.wait(10) == 1
    assert "ERROR mail was killed by SIGABRT: " in checkout.log.read_text()
    assert left(running) == set()
