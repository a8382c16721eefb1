"""Input fields that take what the schema says, and nothing that merely looks like it."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from helpdesk.core.integers import LARGEST_INTEGER


class Text(serializers.CharField):
    """A string, kept as it was written; DRF's own turns numbers into strings and trims."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(trim_whitespace=False, **kwargs)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        # DRF calls a string of spaces blank only where it trims.
        if isinstance(data, str) and not self.allow_blank and not data.strip():
            self.fail("blank")
        return super().run_validation(data)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return data


class Number(serializers.IntegerField):
    """A whole JSON number; DRF's own also takes "7", 7.0 and true."""

    def to_internal_value(self, data: Any) -> int:
        if not isinstance(data, int) or isinstance(data, bool):
            self.fail("invalid")
        return data


class Id(Number):
    """A row's id."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=LARGEST_INTEGER, **kwargs)


class Flag(serializers.BooleanField):
    """`true` or `false`; DRF's own also takes "yes", 1 and "off"."""

    default_error_messages = {"invalid": _("Must be true or false.")}

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data
