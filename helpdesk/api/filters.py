"""Query filters that refuse a bad value: django-filter's own flags take anything for "no answer"."""

from typing import Any

import django_filters
from django import forms

from helpdesk.api.routing import LARGEST_ID


class FlagFilter(django_filters.ChoiceFilter):
    """`true` or `false`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=[("true", "true"), ("false", "false")], null_label=None, empty_label=None, **kwargs)


class IdFilter(django_filters.NumberFilter):
    """A row's id; an unknown one, or one that the caller may not see, finds nothing."""

    field_class = forms.IntegerField

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=-LARGEST_ID, max_value=LARGEST_ID, **kwargs)

    def get_max_validator(self) -> None:
        """The field has its own."""


class IdInFilter(django_filters.BaseInFilter, IdFilter):
    """`1,2,3`."""


class ChoiceInFilter(django_filters.BaseInFilter, django_filters.ChoiceFilter):
    """`open,pending`."""
