"""The programs that tests start say themselves when they are ready."""

import socket

from tests.servers.group import Servers
from tests.servers.process import eventually
from tests.servers.programs import Valkey


def test_a_worker_is_ready_although_its_predecessor_was_seen_to_leave_only_after_its_launch(
    servers: Servers, valkey: Valkey
) -> None:
    with socket.socket(socket.AF_UNIX) as predecessor:
        predecessor.connect(str(valkey.socket))
        predecessor.sendall(b"BRPOP nothing 60\r\n")
        eventually(lambda: len(valkey.consumers()) == 1)
        worker = servers.worker()

    worker.wait_until_ready()
    assert worker.is_running()
