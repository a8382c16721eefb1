"""A file on its way out, in pieces: whole or a part of it, never as a page of ours."""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, Final

from asgiref.sync import sync_to_async
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from rest_framework.request import Request

from helpdesk.api import byte_ranges
from helpdesk.api.byte_ranges import Span
from helpdesk.api.headers import CONTENT_POLICY
from helpdesk.api.problems import Problem

PIECE: Final = 64 * 1024
POLICY: Final = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"


class _Pieces(StreamingHttpResponse):
    """Django would read all pieces of an ordinary iterator into memory before an ASGI server gets the first."""

    _iterator: Iterator[bytes]

    async def __aiter__(self) -> AsyncIterator[bytes]:
        read = sync_to_async(lambda: next(self._iterator, b""), thread_sensitive=False)
        while piece := await read():
            yield self.make_bytes(piece)


def response(
    request: Request, *, filename: str, content_type: str, size: int, etag: str, opened: Callable[[], Any]
) -> HttpResponseBase:
    """`opened` opens the file, if it comes to that."""
    try:
        span = _asked(request, size=size, etag=etag)
    except byte_ranges.NotSatisfiable:
        return _not_satisfiable(size)
    whole = span is None
    span = span or Span(0, size, size)
    if request.method == "HEAD":
        answer: HttpResponseBase = HttpResponse()
    else:
        file = opened()
        # Now, while a storage that is away can still be answered.
        file.seek(span.first)
        answer = _Pieces(_pieces(file, span.length))
        answer._resource_closers.append(file.close)  # type: ignore[attr-defined] # noqa: SLF001 - as Django's FileResponse does
    if not whole:
        answer.status_code = 206
        answer.headers["Content-Range"] = span.content_range
    answer.headers["Content-Length"] = str(span.length)
    _describe(answer, filename=filename, content_type=content_type, etag=etag)
    return answer


def handed_over(path: str, *, filename: str, content_type: str, etag: str) -> HttpResponse:
    """nginx sends it, from a place that only it can be sent to."""
    answer = HttpResponse(headers={"X-Accel-Redirect": path})
    _describe(answer, filename=filename, content_type=content_type, etag=etag)
    return answer


def _describe(answer: HttpResponseBase, *, filename: str, content_type: str, etag: str) -> None:
    answer.headers["Content-Type"] = content_type
    answer.headers["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=filename) or ""
    answer.headers["Accept-Ranges"] = "bytes"
    answer.headers["ETag"] = f'"{etag}"'
    answer.headers[CONTENT_POLICY] = POLICY


def _asked(request: Request, *, size: int, etag: str) -> Span | None:
    """A condition that does not hold (`If-Range`) makes the answer whole."""
    condition = request.headers.get("If-Range")
    if condition is not None and condition.strip() != f'"{etag}"':
        return None
    return byte_ranges.span_of(request.headers.get("Range", ""), size=size)


def _pieces(file: Any, left: int) -> Iterator[bytes]:
    while left and (piece := file.read(min(PIECE, left))):
        left -= len(piece)
        yield piece


def _not_satisfiable(size: int) -> HttpResponse:
    return Problem(
        status=416,
        code="range_not_satisfiable",
        detail=_("The file has no such part."),
        headers={"Content-Range": f"bytes */{size}"},
    ).response()
