"""What a form without a valid token is told."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from helpdesk.api.problems import Problem


def refuse(_request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - Django names it
    detail = _("This form has expired. Go back, load the page again, and send it once more.")
    return Problem(status=403, code="csrf_failed", detail=detail).response()
