"""Pages from elsewhere: those that ALLOWED_ORIGINS lists may read what the API answers, errors included."""

from typing import Final
from urllib.parse import SplitResult

from corsheaders import middleware
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

ALL: Final = "*"


class CorsMiddleware(middleware.CorsMiddleware):
    """The library's, going by the list that sockets go by.

    It answers preflights itself, before anybody is charged or asked for a token.
    """

    def is_enabled(self, request: HttpRequest) -> bool:
        return request.path_info.startswith("/api/")

    def check_preflight(self, request: HttpRequest) -> HttpResponseBase | None:
        """Without an Origin it is no browser that asks, and OPTIONS is a method like any other."""
        return super().check_preflight(request) if "origin" in request.headers else None

    def origin_found_in_white_lists(self, origin: str, url: SplitResult) -> bool:  # noqa: ARG002
        """To the letter, as browsers send it; `null`, which is nobody's name, cannot be listed."""
        return origin in settings.ALLOWED_ORIGINS or ALL in settings.ALLOWED_ORIGINS

    def add_response_headers(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        response = super().add_response_headers(request, response)
        if ALL in settings.ALLOWED_ORIGINS and middleware.ACCESS_CONTROL_ALLOW_ORIGIN in response.headers:
            # Said so, it can never go with credentials, whoever adds them.
            response.headers[middleware.ACCESS_CONTROL_ALLOW_ORIGIN] = ALL
        return response
