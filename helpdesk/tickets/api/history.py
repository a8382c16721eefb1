"""`?at=`: the moment of the past that is asked about."""

from datetime import datetime
from typing import Final

from django import forms
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from helpdesk.api.filters import MomentField
from helpdesk.core.errors import FieldError, Invalid

AT: Final = OpenApiParameter(
    "at",
    OpenApiTypes.DATETIME,
    description="The ticket as it was then, people by their names of today. Before it was opened, it is not there.",
    allow_blank=True,
)


def moment(request: Request) -> datetime | None:
    """None for now."""
    try:
        at: datetime | None = MomentField(required=False).clean(request.query_params.get("at"))
    except forms.ValidationError as error:
        message = " ".join(error.messages)
        raise Invalid(message, errors=[FieldError("at", "invalid", message)]) from error
    return at
