"""What every answer tells a browser: one table, and the middleware that puts it on.

The API's answers are no pages. What a browser shows all the same (an error that somebody opens, one day an attachment)
loads nothing, runs nothing and stands in no frame. The docs and the admin are pages, and say themselves what they load.
"""

from collections.abc import Callable, Mapping
from typing import Final

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

CONTENT_POLICY: Final = "Content-Security-Policy"

_EVERYWHERE: Final = {
    # Everything has to name what it does not fall back for: default-src says nothing of the last three.
    CONTENT_POLICY: "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    # What a listed page asks for by CORS is not what this forbids: it is about <img> and <script>.
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
# The first prefix that fits. Of a page that is no referrer, browsers send the forms with `Origin: null`: they would
# be taken for forged ones.
BY_PREFIX: Final[tuple[tuple[str, Mapping[str, str]], ...]] = (
    (settings.ADMIN_PATH, _EVERYWHERE | {"Referrer-Policy": "same-origin"}),
    ("", _EVERYWHERE),
)
# As Django keeps them. Setting one by one would check, in every request, names and values that never change: 15 µs
# instead of one.
_KEPT: Final = tuple(
    (prefix, {name.lower(): (name, value) for name, value in headers.items()}) for prefix, headers in BY_PREFIX
)


def add(response: HttpResponseBase, path: str) -> None:
    """A policy that the view gave is kept; all else is as the table says."""
    own_policy = response.headers.get(CONTENT_POLICY)
    response.headers._store.update(next(kept for prefix, kept in _KEPT if path.startswith(prefix)))  # noqa: SLF001
    if own_policy:
        response.headers[CONTENT_POLICY] = own_policy


class HeadersMiddleware:
    """The first of all, so that no answer of Django gets out without."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        add(response, request.path_info)
        return response
