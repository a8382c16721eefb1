"""A page to watch the service with: two people side by side, their events, their chat. For a developer's machine."""

from typing import Final

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from helpdesk.api.headers import CONTENT_POLICY

# Nothing inline, nothing from elsewhere. Not every browser counts sockets to 'self'.
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self' ws://{host} wss://{host}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    if not settings.CONSOLE_ENABLED:
        raise Http404
    response = render(request, "console/index.html")
    response.headers[CONTENT_POLICY] = POLICY.format(host=request.get_host())
    return response
