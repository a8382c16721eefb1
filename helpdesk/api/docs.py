"""The schema and its two readers; nothing on these pages comes from a foreign host."""

from functools import lru_cache
from typing import Any, ClassVar, Final

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer2, OpenApiYamlRenderer
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from helpdesk.api.views import ApiView

# The bundles know foreign addresses (a logo, a validator); the browser is told not to follow them. Not every browser
# counts sockets to 'self', and the docs page is where people try one.
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self' data:; connect-src 'self' ws://{host} wss://{host}; worker-src blob:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
RENDERERS: Final = {renderer.media_type: renderer for renderer in (OpenApiJsonRenderer2, OpenApiYamlRenderer)}


@lru_cache(maxsize=8)
def _rendered(media_type: str, urlconf: str, _language: str) -> bytes:
    """It changes with the program only; making it takes long enough to be worth keeping."""
    generator: Any = SchemaGenerator
    schema = generator(urlconf=urlconf).get_schema(request=None, public=True)
    renderer: Any = RENDERERS[media_type]()
    return bytes(renderer.render(schema, renderer_context={}))


class SchemaView(ApiView):
    """OpenAPI 3.1, `?format=json` or `?format=yaml`."""

    limited = False
    permissions: ClassVar[dict[str, str | None]] = {"get": None}
    renderer_classes = list(RENDERERS.values())

    def __init__(self, **initkwargs: Any) -> None:
        super().__init__(**initkwargs)
        self.public = settings.API_DOCS_PUBLIC

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponse:
        media_type = request.accepted_renderer.media_type
        body = _rendered(media_type, settings.ROOT_URLCONF, get_language() or "")
        return HttpResponse(body, content_type=media_type)


def page(request: HttpRequest, template: str, **context: Any) -> HttpResponse:
    if not settings.API_DOCS_PUBLIC:  # a browser sends no token with a page
        raise Http404
    context |= {
        "title": settings.SPECTACULAR_SETTINGS["TITLE"],
        "schema_url": reverse("schema") + "?format=json",
    }
    response = render(request, template, context)
    response.headers["Content-Security-Policy"] = POLICY.format(host=request.get_host())
    return response


@require_safe
def swagger(request: HttpRequest) -> HttpResponse:
    return page(request, "docs/swagger.html")


@require_safe
def redoc(request: HttpRequest) -> HttpResponse:
    return page(request, "docs/redoc.html")
