"""`multipart/form-data` in, for the routes that take a file: one part named `file`, and short texts besides.

The file is counted while it is read; what is too large is refused at the byte that is too many.
"""

from collections.abc import Mapping
from typing import Any, Final

from django.core.files.uploadhandler import FileUploadHandler
from django.http.multipartparser import MultiPartParser as DjangoParser
from django.http.multipartparser import MultiPartParserError
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser, DataAndFiles

from helpdesk.files.errors import FIELD, BadFile
from helpdesk.files.receiving import Incoming

UNKNOWN_LENGTH: Final = "-1"
# Of what is after the last boundary, blanks and line ends at most.
_TAIL: Final = 512


class FormParser(BaseParser):
    """Gives texts in `request.POST`, and an `Incoming` in `request.FILES`, which Django closes with the request."""

    media_type = "multipart/form-data"

    def parse(
        self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> DataAndFiles:
        assert parser_context is not None
        meta = dict(parser_context["request"].META) | {"CONTENT_TYPE": media_type or ""}
        if meta.get("CONTENT_LENGTH") == UNKNOWN_LENGTH:
            meta["CONTENT_LENGTH"] = "1"  # chunked; only 0 means anything to Django
        source: Any = _Watched(stream)
        handler = _Handler()
        try:
            parser = _Parser(meta, source, [handler], "utf-8")
            texts, _files = parser.parse()
            _check(source, parser, texts)
        except BaseException as error:
            if handler.incoming:
                handler.incoming.close()
            if isinstance(error, MultiPartParserError):
                raise ParseError(_("The body is not valid multipart/form-data.")) from error
            raise
        return DataAndFiles(texts, MultiValueDict({FIELD: [handler.incoming]} if handler.incoming else {}))


def _check(source: Any, parser: "_Parser", texts: Any) -> None:
    if not source.tail.rstrip(b" \t\r\n").endswith(b"--" + parser.boundary + b"--"):
        raise ParseError(_("The body ends before its last boundary."))
    if any("\0" in text or "\ufffd" in text for pair in texts.items() for text in pair):
        raise ParseError(_("A text contains a NUL character."))


class _Watched:
    """Remembers the last bytes: Django's parser takes a body that was cut off for a whole one."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.tail = b""

    def read(self, size: int = -1) -> bytes:
        piece: bytes = self._stream.read(size)
        if piece:
            self.tail = (self.tail + piece[-_TAIL:])[-_TAIL:]
        return piece


class _Parser(DjangoParser):
    _boundary: bytes

    @property
    def boundary(self) -> bytes:
        return self._boundary

    def sanitize_file_name(self, file_name: str) -> str:
        """As it was sent: a name that would have to be repaired is refused."""
        return file_name


class _Handler(FileUploadHandler):
    """Django hands over names, types and pieces; no more than one file."""

    def __init__(self) -> None:
        super().__init__()
        self.incoming: Incoming | None = None

    def new_file(self, field_name: str, file_name: str, content_type: str, *args: Any, **kwargs: Any) -> None:
        super().new_file(field_name, file_name, content_type, *args, **kwargs)
        if field_name != FIELD or self.incoming is not None:
            raise BadFile("one_file", _("Send one file, in the part “file”."))
        self.incoming = Incoming(filename=file_name, announced=content_type or "")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:  # noqa: ARG002
        assert self.incoming is not None
        self.incoming.write(raw_data)

    def file_complete(self, file_size: int) -> None:  # noqa: ARG002
        return None
