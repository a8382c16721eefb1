"""Which state of a row the caller has seen: told by `ETag`, said again by `If-None-Match` and `If-Match`.

A tag is `"<version>-<hash of this representation>"`. Who reads compares all of it: an answer that has changed for any
reason is new. Who writes compares the version alone: a comment that came since is no reason to refuse a change.
"""

import re
from functools import partial
from hashlib import sha256
from typing import Final

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from helpdesk.core.errors import FieldError, Invalid
from helpdesk.core.integers import LARGEST_INTEGER

ANY: Final = "*"
READS: Final = frozenset({"GET", "HEAD"})
# Half of a SHA-256 tells any two answers apart that one person can be given.
_HASH_LENGTH: Final = 32
# One entity tag of RFC 9110. A proxy that compresses makes it a weak one (`W/`); the version in it is the same.
_TAG: Final = r'(?:W/)?"([\x21\x23-\x7e\x80-\xff]*)"'
_LIST: Final = re.compile(rf"[ \t]*{_TAG}(?:[ \t]*,[ \t]*{_TAG})*[ \t]*")
_EACH: Final = re.compile(_TAG)
_VERSION: Final = re.compile(r"[1-9][0-9]{0,18}", re.ASCII)
# No row has it: versions begin at 1.
NO_VERSION: Final = 0


class NotAnETag(Invalid):
    code = "invalid_etag"

    def __init__(self) -> None:
        message = _('This is no ETag, such as "7" or "7-1f0c".')
        super().__init__(message, errors=[FieldError("If-Match", self.code, message)])


def expected_version(request: Request, *, current: int) -> int | None:
    """The version that a change is meant for; None if for any. Of several, the `current` one if it is among them.

    What the row says by the time it is locked is the operation's to compare.
    """
    header = request.headers.get("If-Match")
    if header is None or header.strip() == ANY:
        return None
    if not _LIST.fullmatch(header):
        raise NotAnETag
    versions = [_version(tag) for tag in _EACH.findall(header)]
    return current if current in versions else max(versions)


def tag(response: Response, request: Request) -> None:
    """Give an answer that shows a row its ETag, once it is rendered. Who reads it and has it gets 304 in its place."""
    if isinstance(response.data, dict) and "version" in response.data:
        response.add_post_render_callback(partial(_tag, request=request))


def _tag(response: Response, *, request: Request) -> HttpResponse | None:
    etag = f'"{response.data["version"]}-{sha256(response.content).hexdigest()[:_HASH_LENGTH]}"'
    response.headers["ETag"] = etag
    known = request.headers.get("If-None-Match", "") if request.method in READS else ""
    return _not_modified(response) if _knows(known, etag.strip('"')) else None


def _knows(header: str, opaque: str) -> bool:
    """What is no list of tags names none."""
    return header.strip() == ANY or (_LIST.fullmatch(header) is not None and opaque in _EACH.findall(header))


def _not_modified(response: Response) -> HttpResponse:
    headers = {name: value for name, value in response.headers.items() if not name.startswith("Content-")}
    answer = HttpResponse(status=304, headers=headers)
    del answer.headers["Content-Type"]
    return answer


def _version(opaque: str) -> int:
    version = opaque.partition("-")[0]
    number = int(version) if _VERSION.fullmatch(version) else NO_VERSION
    return number if number <= LARGEST_INTEGER else NO_VERSION
