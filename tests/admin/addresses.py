"""Every address below /admin/, read from the site itself, and something to be found at each."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.urls import URLResolver

from helpdesk.events.models import EventReceipt, EventRecord
from helpdesk.notifications.models import EmailLog
from helpdesk.tickets.models import AssignmentDecision, Category, Tag, Team, Ticket, Timer, Workload

OPEN = frozenset({"/admin/login/"})


def addresses() -> list[str]:
    """With `{User}`, `{Ticket}`, … where the id of such a row stands."""
    return sorted(set(_of(admin.site.get_urls(), "/admin/", "")))


def _of(patterns: list[Any], prefix: str, model: str) -> Iterator[str]:
    for pattern in patterns:
        route = str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            owner = next(shown.model.__name__ for shown in admin.site._registry.values() if _is_its(shown, route))
            yield from _of(pattern.url_patterns, prefix + route, owner)
        elif route.startswith("^(?P<app_label>"):
            labels = route.partition("app_label>")[2].partition(")")[0].split("|")
            yield from (f"{prefix}{label}/" for label in labels)
        elif route.startswith("(?P<url>"):
            yield f"{prefix}nothing/here/"
        elif "content_type_id" in route:
            yield f"{prefix}r/1/1/"
        else:
            yield prefix + route.replace("<path:object_id>", f"{{{model}}}")


def _is_its(shown: Any, route: str) -> bool:
    return route == f"{shown.opts.app_label}/{shown.opts.model_name}/"


def rows() -> dict[str, int]:
    """One of each kind; there must be a ticket whose opening was told and mailed, a parked receipt, and a timer."""
    from helpdesk.accounts.models import User

    tickets = (Ticket, Category, Tag, Team, Workload, AssignmentDecision, Timer)
    models = (User, *tickets, EventRecord, EventReceipt, EmailLog)
    return {model.__name__: model.objects.latest("pk").pk for model in models}
