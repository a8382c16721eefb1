"""The first page: what waits, and whether the desk keeps up."""

import json
from typing import Any, Final

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from helpdesk.tickets import statistics
from helpdesk.tickets.enums import Priority, Status
from helpdesk.tickets.models import Ticket

DAYS: Final = 30
_COLOURS: Final[dict[str, str]] = {
    Status.OPEN: "#2563eb",
    Status.IN_PROGRESS: "#9333ea",
    Status.PENDING: "#d97706",
    Priority.LOW: "#94a3b8",
    Priority.MEDIUM: "#2563eb",
    Priority.HIGH: "#d97706",
    Priority.URGENT: "#dc2626",
}
_CREATED, _RESOLVED = "#2563eb", "#16a34a"


def context(request: Any, given: dict[str, Any]) -> dict[str, Any]:
    """What the template needs besides; called by the site for its first page."""
    tickets = Ticket.objects.visible_to(request.user)
    now = timezone.now()
    workload = statistics.workload(tickets)
    return {
        **given,
        "title": _("Dashboard"),
        "total": workload.total,
        "is_capped": workload.is_capped,
        "columns": [
            _column(_("Waiting, by status"), "status", workload.by_status, Status),
            _column(_("Waiting, by priority"), "priority", workload.by_priority, Priority),
        ],
        **_days(statistics.daily(tickets, now=now, days=DAYS)),
    }


def _column(title: str, field: str, numbers: dict[str, int], choices: Any) -> dict[str, Any]:
    labels = {value: str(choices(value).label) for value in numbers}
    chart = {
        "labels": list(labels.values()),
        "datasets": [
            {
                "data": list(numbers.values()),
                "backgroundColor": [_COLOURS[value] for value in numbers],
                "maxBarThickness": 40,
                "borderRadius": 4,
            }
        ],
    }
    rows = [{"value": value, "label": labels[value], "number": number} for value, number in numbers.items()]
    return {"title": title, "field": field, "rows": rows, "chart": json.dumps(chart)}


def _days(days: list[statistics.Day]) -> dict[str, Any]:
    chart = {
        "labels": [date_format(day.day, "j M") for day in days],
        "datasets": [
            {"label": _("Created"), "data": [day.created for day in days], "borderColor": _CREATED},
            {"label": _("Resolved"), "data": [day.resolved for day in days], "borderColor": _RESOLVED},
        ],
    }
    return {
        "days": len(days),
        "created": sum(day.created for day in days),
        "resolved": sum(day.resolved for day in days),
        "chart": json.dumps(chart),
    }
