"""`docs/reference/websocket.md` says what is so."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from helpdesk.realtime.closing import Close
from tests.factories import ticket_of
from tests.people import PASSWORD
from tests.servers import ROOT, Daphne, eventually

PAGE = (ROOT / "docs/reference/websocket.md").read_text()


def test_the_page_names_every_close_code() -> None:
    assert [int(code) for code in re.findall(r"^\| (\d{4}) \|", PAGE, re.MULTILINE)] == sorted(Close)


@contextmanager
def running(output: Path, *command: str) -> Iterator[None]:
    with output.open("wb") as written:
        process = subprocess.Popen(command, stdout=written, stderr=written)
        try:
            yield
        finally:
            process.kill()
            process.wait()


def test_the_python_client_run_as_a_program_hears_also_what_happens_while_the_server_is_away(
    daphne: Daphne, valkey_here: Any, agent: Any, customer: Any, tmp_path: Path
) -> None:
    script, output = ROOT / "docs/clients/notifications.py", tmp_path / "output"
    numbers = count()

    def heard() -> list[int]:
        return [int(number) for number in re.findall(r"^New ticket #\d+: (\d+)$", output.read_text(), re.MULTILINE)]

    with running(output, sys.executable, str(script), daphne.base_url, agent.username, PASSWORD):
        while not heard():
            ticket_of(customer, title=str(next(numbers)))
            time.sleep(0.3)
        daphne.stop()
        missed = next(numbers)
        ticket_of(customer, title=str(missed))
        daphne.start()
        eventually(lambda: missed in heard())

    assert heard() == list(range(heard()[0], missed + 1))
