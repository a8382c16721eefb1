"""A rate that cannot be read stops the start, not the first request."""

from typing import Any

from django.conf import settings
from django.core.checks import Error, register

from helpdesk.limits.rates import Rate

RATE_SETTINGS = ("RATE_LIMIT_USER", "RATE_LIMIT_ANON")


@register()
def rates_can_be_read(**_: Any) -> list[Error]:
    errors = []
    for name in RATE_SETTINGS:
        try:
            Rate.parse(getattr(settings, name))
        except ValueError as error:
            errors.append(Error(f"{name}: {error}", id="limits.E001"))
    return errors
