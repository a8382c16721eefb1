"""The mail catcher in a process of its own."""

import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.servers import HOST, Server, free_port


class Catcher(Server):
    def __init__(self, directory: Path) -> None:
        self.smtp_port = free_port()
        http_port = free_port()
        self.url = f"http://{HOST}:{http_port}"
        command = (sys.executable, "-m", "helpdesk.local.mail", str(self.smtp_port), str(http_port))
        super().__init__("mail", *command, env={}, directory=directory)

    def is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/livez").status_code == 200
        except httpx.TransportError:
            return False


@pytest.fixture(scope="module")
def running_catcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catcher]:
    catcher = Catcher(tmp_path_factory.mktemp("mail"))
    catcher.start()
    yield catcher
    catcher.stop()


@pytest.fixture
def catcher(running_catcher: Catcher) -> Catcher:
    httpx.delete(f"{running_catcher.url}/api/v1/messages")
    return running_catcher
