"""Ports on the loopback address: the one asked for, or the next free one."""

import os
import socket
import sys
from contextlib import ExitStack
from typing import Self

from .failure import Failure

HOST = "127.0.0.1"
_TRIES = 100
_HIGHEST = 65535


class Ports:
    """Holds what it gave until the end, so that two supervisors that start at once do not take the same."""

    def __init__(self) -> None:
        self._held = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._held.close()

    def take(self, wanted: int) -> int:
        """The first free port from `wanted` upwards; 0 stands for any."""
        if wanted == 0:
            wanted = _any_port()
        for port in range(wanted, min(wanted + _TRIES, _HIGHEST + 1)):
            if self._reserve(port) and _is_free(port):
                return port
        raise Failure(f"no free port from {wanted} on")

    def _reserve(self, port: int) -> bool:
        if not sys.platform.startswith("linux"):
            return True
        # A name outside the file system, which the kernel frees with the process.
        name = self._held.enter_context(socket.socket(socket.AF_UNIX))
        try:
            name.bind(f"\0helpdesk-port-{port}")
        except OSError:
            return False
        return True


def wanted_port(variable: str, default: int) -> int:
    text = os.environ.get(variable) or str(default)
    if not text.isascii() or not text.isdecimal() or int(text) > _HIGHEST:
        raise Failure(f"{variable}={text} is no port: give a number up to {_HIGHEST}")
    return int(text)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do: connections of an earlier run that linger do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _any_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
