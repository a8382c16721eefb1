"""Where the bytes are: a directory, or an object storage, each file under a name that tells nothing."""

import logging
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from django.core.files.base import File
from django.core.files.storage import Storage, storages

from helpdesk.files.errors import StorageDown

log = logging.getLogger(__name__)


def storage() -> Storage:
    return storages["attachments"]


def keep(file: IO[bytes]) -> str:
    """Store it and return its name; once it is returned, the bytes survive a power cut."""
    file.seek(0)
    token = secrets.token_hex(16)
    with _refusing():
        name = storage().save(f"{token[:2]}/{token[2:]}", File(file))
        _flush(name)
    return name


def forget(name: str) -> None:
    storage().delete(name)


def opened(name: str) -> "Opened":
    with _refusing():
        return Opened(storage().open(name))


def is_there(name: str) -> bool:
    return storage().exists(name)


def names() -> Iterator[str]:
    """All that is stored."""
    for directory in _listed("")[0]:
        for file in _listed(directory)[1]:
            yield f"{directory}/{file}"


def stored_at(name: str) -> datetime:
    return storage().get_modified_time(name)


@contextmanager
def _refusing() -> Iterator[None]:
    """A full disk, or an object storage that is away: 503. A file that is not where it was put is none of these."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        log.exception("the files cannot be reached")
        raise StorageDown from error


def _listed(directory: str) -> tuple[list[str], list[str]]:
    try:
        return storage().listdir(directory)
    except FileNotFoundError:
        return [], []


def _flush(name: str) -> None:
    try:
        path = Path(storage().path(name))
    except NotImplementedError:  # an object storage answers when it is done
        return
    for place in (path, path.parent, path.parent.parent):
        descriptor = os.open(place, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


class Opened:
    """To be read from some place on, and closed."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def seek(self, position: int) -> None:
        with _refusing():
            self._file.seek(position)

    def read(self, size: int) -> bytes:
        piece: bytes = self._file.read(size)
        return piece

    def close(self) -> None:
        self._file.close()
