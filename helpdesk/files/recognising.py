"""What a file is, by its content: read once from beginning to end in pieces, however large it is.

A name, or what a browser announces, is only ever compared with it. A file that is two things at once is neither.
"""

import codecs
import re
import zipfile
from collections.abc import Iterator
from typing import IO, Final

from helpdesk.files import kinds
from helpdesk.files.errors import NotWhatItSays, TypeNotAllowed

PIECE: Final = 256 * 1024
_OVERLAP: Final = 16
_MOST_ENTRIES: Final = 10_000
# The end of a zip, before a comment of at most 65,535 bytes.
_ZIP_END: Final = b"PK\x05\x06"
_ZIP_END_LENGTH: Final = 22
_LONGEST_ZIP_END: Final = _ZIP_END_LENGTH + 65_535

_BEGINNINGS: Final[tuple[tuple[re.Pattern[bytes], str], ...]] = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), kinds.PNG),
    (re.compile(rb"\xff\xd8\xff"), kinds.JPEG),
    (re.compile(rb"GIF8[79]a"), kinds.GIF),
    (re.compile(rb"RIFF.{4}WEBP", re.DOTALL), kinds.WEBP),
    (re.compile(rb"%PDF-\d"), kinds.PDF),
    (re.compile(rb"PK\x03\x04|PK\x05\x06"), kinds.ZIP),
)
# What a browser, or an interpreter, may take for a program.
_ACTIVE: Final = re.compile(rb"<(?:script|!doctype|html|svg|iframe|body|\?php|%@)|%PDF-\d", re.IGNORECASE)
_MARKUP: Final = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<(?:!doctype|!--|\?xml|\?php|html|head|body|script|svg|iframe|style|title|table|a\s|img|div|p[\s>])|#!)",
    re.IGNORECASE,
)
# Bytes that no text has, in any encoding that writes ASCII as ASCII: all below the blank but tab, line ends and escape.
_NO_TEXT: Final = bytes(set(range(32)) - set(b"\t\n\r\f\x1b\x08")) + b"\x7f"

_OFFICE: Final = {"word/": kinds.DOCX, "xl/": kinds.XLSX, "ppt/": kinds.PPTX}
_MACROS: Final = re.compile(r"vbaproject|vbadata|activex|oleobject", re.IGNORECASE)
_LONGEST_MIMETYPE: Final = 100


def recognise(file: IO[bytes], *, filename: str, announced: str, allowed: list[str]) -> str:
    """The kind of the file, which its name and what was announced do not contradict; or refuse it."""
    found = _by_content(file, filename)
    if found is None or found not in allowed:
        raise TypeNotAllowed
    kind = kinds.KINDS[found]
    told = announced.partition(";")[0].strip().lower()
    if _extension(filename) not in kind.extensions or told not in {found, *kind.aliases, *kinds.UNTOLD}:
        raise NotWhatItSays
    return found


def _extension(filename: str) -> str:
    return filename.rpartition(".")[2].lower() if "." in filename else ""


def _by_content(file: IO[bytes], filename: str) -> str | None:
    file.seek(0)
    beginning = file.read(1024)
    kind = next((kind for pattern, kind in _BEGINNINGS if pattern.match(beginning)), None)
    if kind is None:
        return _text(file, beginning, filename)
    if kind == kinds.ZIP:
        return _zip(file)
    if _ends_as_zip(file) or (kind == kinds.PDF and re.search(rb"<(?:script|html|svg)", beginning, re.IGNORECASE)):
        raise NotWhatItSays
    if kinds.KINDS[kind].picture and _has_program(file):
        raise NotWhatItSays
    return kind


def _has_program(file: IO[bytes]) -> bool:
    """Anywhere in a picture: what Pillow does not read, a browser that guesses might."""
    before = b""
    for piece in _pieces(file):
        if _ACTIVE.search(before + piece):
            return True
        before = piece[-_OVERLAP:]
    return False


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    file.seek(0)
    while piece := file.read(PIECE):
        yield piece


def _ends_as_zip(file: IO[bytes]) -> bool:
    """Whether it can also be opened as a zip, which is read from its end."""
    size = file.seek(0, 2)
    file.seek(max(0, size - _LONGEST_ZIP_END))
    tail = file.read()
    at = tail.find(_ZIP_END)
    while at >= 0:
        comment = int.from_bytes(tail[at + 20 : at + 22], "little")
        if at + _ZIP_END_LENGTH + comment == len(tail):
            return True
        at = tail.find(_ZIP_END, at + 1)
    return False


# --- texts -----------------------------------------------------------------------------------------------------------


def _text(file: IO[bytes], beginning: bytes, filename: str) -> str | None:
    """By its bytes, text; which of the kinds of text, its name says: none of them is more than text to anybody."""
    if _MARKUP.match(beginning) or not _is_text(file):
        return None
    extension = _extension(filename)
    return next((kind for kind in (kinds.CSV, kinds.JSON) if extension in kinds.KINDS[kind].extensions), kinds.TEXT)


def _is_text(file: IO[bytes]) -> bool:
    file.seek(0)
    if file.read(2) in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
        return _decodes(file, "utf-16")
    # UTF-8, or one of the older encodings of one byte a letter, which all allow these.
    return not any(piece.translate(None, _NO_TEXT) != piece for piece in _pieces(file))


def _decodes(file: IO[bytes], encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for piece in _pieces(file):
            if "\0" in decoder.decode(piece):
                return False
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


# --- zips ------------------------------------------------------------------------------------------------------------


def _zip(file: IO[bytes]) -> str:
    """A plain one, or a document that is one inside. Nothing is unpacked but the short name of an OpenDocument."""
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
            if len(names) > _MOST_ENTRIES:
                raise TypeNotAllowed
            if any(_MACROS.search(name) for name in names):
                raise TypeNotAllowed
            if "[Content_Types].xml" in names:
                return next((kind for start, kind in _OFFICE.items() if _has(names, start)), kinds.ZIP)
            return _open_document(archive, names) or kinds.ZIP
    except (zipfile.BadZipFile, ValueError, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise NotWhatItSays from error


def _has(names: list[str], start: str) -> bool:
    return any(name.startswith(start) for name in names)


def _open_document(archive: zipfile.ZipFile, names: list[str]) -> str | None:
    if not names or names[0] != "mimetype":
        return None
    with archive.open("mimetype") as entry:
        told = entry.read(_LONGEST_MIMETYPE).decode("ascii", "replace")
    return told if told in kinds.KINDS else None
