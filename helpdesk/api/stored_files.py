"""The bytes of a file that the caller has been found to see: from the storage, or from nginx."""

from typing import Any

from django.conf import settings
from django.http.response import HttpResponseBase

from helpdesk.api import downloads
from helpdesk.files import storage


def download(request: Any, row: dict[str, Any]) -> HttpResponseBase:
    """`row` has what a file is called, and its blob: `filename`, `content_type`, `size`, `blob__sha256`, …"""
    name = row["blob__storage_name"]
    said = {"filename": row["filename"], "content_type": row["content_type"], "etag": row["blob__sha256"]}
    if settings.ATTACHMENT_ACCEL_PREFIX:
        return downloads.handed_over(f"{settings.ATTACHMENT_ACCEL_PREFIX.rstrip('/')}/{name}", **said)
    return downloads.response(request, size=row["size"], opened=lambda: storage.opened(name), **said)
