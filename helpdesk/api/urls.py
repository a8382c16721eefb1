"""What the service says about itself: `service` at the root, `described` under `/api/`."""

from django.urls import URLPattern, path, re_path
from django.views.generic import RedirectView

from helpdesk.api import docs, health
from helpdesk.api.index import IndexView

service: list[URLPattern] = [
    path("", RedirectView.as_view(pattern_name="docs")),
    re_path(r"^health/?$", health.alive),
    re_path(r"^healthz/?$", health.alive),
    re_path(r"^readyz/?$", health.ready),
    re_path(r"^docs/?$", RedirectView.as_view(pattern_name="docs")),
    re_path(r"^redoc/?$", RedirectView.as_view(pattern_name="redoc")),
]

described: list[URLPattern] = [
    path("", IndexView.as_view(), name="index"),
    path("schema/", docs.SchemaView.as_view(), name="schema"),
    path("docs/", docs.swagger, name="docs"),
    path("redoc/", docs.redoc, name="redoc"),
]
