"""`/api/`: where everything is."""

from collections.abc import Iterator
from typing import Any, ClassVar, Final

from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from helpdesk.api.views import ApiView

PREFIX: Final = "api/"
SECOND_PREFIX: Final = "api/v1/"


class IndexView(ApiView):
    public = True
    limited = False
    permissions: ClassVar[dict[str, str | None]] = {"get": None}

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        """Every route without an id in it, by its path."""
        here = request.path
        routes = sorted(
            route.removeprefix(PREFIX)
            for route in _routes(get_resolver().url_patterns)
            if route.startswith(PREFIX) and not route.startswith(SECOND_PREFIX) and "<" not in route
        )
        return Response({name.rstrip("/"): request.build_absolute_uri(here + name) for name in routes if name})


def _routes(patterns: list[Any], prefix: str = "") -> Iterator[str]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            yield route
