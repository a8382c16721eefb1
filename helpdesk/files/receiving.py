"""A file on its way in: counted while it comes, then looked at, and only then fit to be kept."""

import hashlib
import tempfile
from dataclasses import dataclass
from typing import IO, Final, Self

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from helpdesk.files import kinds, pictures, recognising, scanning
from helpdesk.files.errors import BadFile, FileTooLarge

LONGEST_NAME: Final = 255
# Invisible, and still part of how people write names.
_JOINERS: Final = frozenset("\u200c\u200d")


class Incoming:
    """Bytes as they come, in a file of the system's that vanishes when it is closed.

    What a client said of them is called as in Django's own uploaded files: whoever compares two requests reads it.
    """

    def __init__(self, *, filename: str, announced: str) -> None:
        check_name(filename)
        self.name = filename
        self.content_type = announced
        self.size = 0
        self._digest = hashlib.sha256()
        self.file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()

    def write(self, piece: bytes) -> None:
        self.size += len(piece)
        if self.size > settings.ATTACHMENT_MAX_BYTES:
            raise FileTooLarge(settings.ATTACHMENT_MAX_BYTES)
        self._digest.update(piece)
        self.file.write(piece)

    @property
    def sha256(self) -> str:
        """Of the bytes as they came."""
        return self._digest.hexdigest()

    def close(self) -> None:
        self.file.close()


@dataclass(frozen=True)
class Checked:
    """What may be kept."""

    file: IO[bytes]
    filename: str
    content_type: str
    size: int
    sha256: str

    def close(self) -> None:
        self.file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def check_name(filename: str) -> None:
    """A name and no path, that shows what it is: no control characters, and none that turn the direction of writing."""
    if len(filename) > LONGEST_NAME:
        raise BadFile("max_length", _("The name of the file is too long."))
    if not filename.strip(" .") or not all(letter.isprintable() or letter in _JOINERS for letter in filename):
        raise BadFile("filename", _("This is no name for a file."))
    if set(filename) & set("/\\"):
        raise BadFile("filename", _("The name of a file holds no path."))


def check(incoming: Incoming) -> Checked:
    """Refuse what is empty, not allowed, infected or not what it says; pictures come out written anew."""
    if not incoming.size:
        raise BadFile("empty", _("The file is empty."))
    kind = recognising.recognise(
        incoming.file,
        filename=incoming.name,
        announced=incoming.content_type,
        allowed=settings.ATTACHMENT_TYPES,
    )
    scanning.scan(incoming.file)
    file, size, sha256 = incoming.file, incoming.size, incoming.sha256
    if picture := kinds.KINDS[kind].picture:
        file = pictures.written_anew(file, picture=picture)
        incoming.close()
        size, sha256 = _measured(file)
    return Checked(file=file, filename=incoming.name, content_type=kind, size=size, sha256=sha256)


def _measured(file: IO[bytes]) -> tuple[int, str]:
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256")  # type: ignore[arg-type]
    return file.tell(), digest.hexdigest()
