"""Every address of the service, read from the URL configuration."""

from collections.abc import Iterator
from typing import Any

from django.urls import URLResolver, get_resolver


def patterns(prefix: str = "", resolver: Any = None) -> Iterator[tuple[str, Any]]:
    """`("/api/tickets/<id:pk>/", view function)`; the same under `/api/v1/` is left out, and so are the admin's pages."""
    for pattern in (resolver or get_resolver()).url_patterns:
        route = prefix + str(pattern.pattern).removeprefix("^").removesuffix("/?$")
        if isinstance(pattern, URLResolver):
            if route not in {"api/v1/", "admin/"}:
                yield from patterns(route, pattern)
        else:
            yield f"/{route}", pattern.callback


def views() -> Iterator[tuple[str, Any, dict[str, str]]]:
    """Route, view class, and which action answers which method, for those that are views of ours."""
    for route, callback in patterns():
        view = getattr(callback, "cls", None) or getattr(callback, "view_class", None)
        if view is None:
            continue
        actions = getattr(callback, "actions", None) or {m: m for m in view.http_method_names if hasattr(view, m)}
        yield route, view, actions
