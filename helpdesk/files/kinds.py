"""The kinds of files that there are for us, each told by its content; what is none of them is not taken.

The table says how a file may be named and announced. Which content is which kind: `recognising.py`.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Kind:
    extensions: frozenset[str]
    # What browsers announce it as, besides its own name. Some know none: `application/octet-stream`.
    aliases: frozenset[str] = frozenset()
    # How the Pillow library calls it, where it is a picture.
    picture: str | None = None


def _kind(extensions: str, aliases: str = "", picture: str | None = None) -> Kind:
    return Kind(frozenset(extensions.split()), frozenset(aliases.split()), picture)


PNG: Final = "image/png"
JPEG: Final = "image/jpeg"
GIF: Final = "image/gif"
WEBP: Final = "image/webp"
PDF: Final = "application/pdf"
ZIP: Final = "application/zip"
TEXT: Final = "text/plain"
CSV: Final = "text/csv"
JSON: Final = "application/json"
_OOXML: Final = "application/vnd.openxmlformats-officedocument."
DOCX: Final = f"{_OOXML}wordprocessingml.document"
XLSX: Final = f"{_OOXML}spreadsheetml.sheet"
PPTX: Final = f"{_OOXML}presentationml.presentation"
_ODF: Final = "application/vnd.oasis.opendocument."

_ZIPS: Final = "application/zip application/x-zip-compressed"

KINDS: Final[dict[str, Kind]] = {
    PNG: _kind("png", "image/x-png image/apng", "PNG"),
    JPEG: _kind("jpg jpeg jpe jfif", "image/jpg image/pjpeg", "JPEG"),
    GIF: _kind("gif", "", "GIF"),
    WEBP: _kind("webp", "", "WEBP"),
    PDF: _kind("pdf", "application/x-pdf"),
    TEXT: _kind("txt text log md", "text/markdown text/x-log text/x-markdown"),
    CSV: _kind("csv tsv", "text/plain text/tab-separated-values application/csv application/vnd.ms-excel"),
    JSON: _kind("json", "text/json text/plain"),
    DOCX: _kind("docx", _ZIPS),
    XLSX: _kind("xlsx", _ZIPS),
    PPTX: _kind("pptx", _ZIPS),
    f"{_ODF}text": _kind("odt", _ZIPS),
    f"{_ODF}spreadsheet": _kind("ods", _ZIPS),
    f"{_ODF}presentation": _kind("odp", _ZIPS),
    ZIP: _kind("zip", _ZIPS),
}

# Says nothing.
UNTOLD: Final = frozenset({"", "application/octet-stream", "binary/octet-stream", "application/x-binary"})
