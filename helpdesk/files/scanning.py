"""ClamAV, over its own protocol: the file goes to clamd in pieces, and clamd says what it found."""

import logging
import socket
import struct
from typing import IO, Final
from urllib.parse import urlsplit

from django.conf import settings

from helpdesk.files.errors import Infected, ScannerDown

log = logging.getLogger(__name__)

PIECE: Final = 64 * 1024
PORT: Final = 3310
_LONGEST_ANSWER: Final = 4096


def scan(file: IO[bytes]) -> None:
    """Raise `Infected`, or `ScannerDown` if nobody could look: what was not scanned is not taken."""
    if not settings.CLAMAV_ADDRESS:
        return
    try:
        answer = _ask(file)
    except OSError as error:
        log.warning("the virus scanner does not answer: %s", error)
        raise ScannerDown from error
    if answer.endswith("FOUND"):
        log.warning("a file was refused: %s", answer)
        raise Infected
    if not answer.endswith("OK"):
        log.warning("the virus scanner did not scan: %s", answer)
        raise ScannerDown


def _ask(file: IO[bytes]) -> str:
    file.seek(0)
    with _connect() as connection:
        connection.sendall(b"zINSTREAM\0")
        while piece := file.read(PIECE):
            connection.sendall(struct.pack("!I", len(piece)) + piece)
        connection.sendall(struct.pack("!I", 0))
        answer = b""
        while not answer.endswith(b"\0") and len(answer) < _LONGEST_ANSWER:
            if not (piece := connection.recv(_LONGEST_ANSWER)):
                break
            answer += piece
    return answer.rstrip(b"\0\n").decode("utf-8", "replace")


def _connect() -> socket.socket:
    parts = urlsplit(settings.CLAMAV_ADDRESS)
    if parts.scheme == "unix":
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(settings.CLAMAV_TIMEOUT)
        try:
            connection.connect(parts.path)
        except OSError:
            connection.close()
            raise
        return connection
    return socket.create_connection((parts.hostname or "", parts.port or PORT), timeout=settings.CLAMAV_TIMEOUT)
