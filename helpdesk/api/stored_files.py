"""The bytes of a file that the caller has been found to see: from the storage, or from nginx."""

from typing import Any, Final

from django.conf import settings
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse

from helpdesk.api import downloads
from helpdesk.api.schema import problem, refusals
from helpdesk.files import storage

_BYTES: Final = OpenApiResponse(OpenApiTypes.BINARY)
_NO_SUCH_PART: Final = problem(416, "range_not_satisfiable", "The file has no such part.")

# What `extend_schema` is told of every address that answers so.
DESCRIBED: Final[dict[str, Any]] = {
    "description": "To be saved, never to be shown as a page. Interrupted downloads go on with `Range`.",
    "parameters": [OpenApiParameter("Range", location="header", description="One part of it: `bytes=1000-1999`.")],
    "responses": {
        (200, "application/octet-stream"): _BYTES,
        (206, "application/octet-stream"): _BYTES,
        **refusals(_NO_SUCH_PART),
    },
}


def download(request: Any, row: dict[str, Any]) -> HttpResponseBase:
    """`row` has what a file is called, and its blob: `filename`, `content_type`, `size`, `blob__sha256`, …"""
    name = row["blob__storage_name"]
    said = {"filename": row["filename"], "content_type": row["content_type"], "etag": row["blob__sha256"]}
    if settings.ATTACHMENT_ACCEL_PREFIX:
        return downloads.handed_over(f"{settings.ATTACHMENT_ACCEL_PREFIX.rstrip('/')}/{name}", **said)
    return downloads.response(request, size=row["size"], opened=lambda: storage.opened(name), **said)
