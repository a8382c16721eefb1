"""Query filters that refuse a bad value: django-filter's own flags take anything for "no answer"."""

from datetime import datetime, timedelta
from typing import Any, Final

import django_filters
from django import forms
from django.utils.translation import gettext as _
from django_filters.fields import BaseCSVField, IsoDateTimeField

from helpdesk.core.integers import LARGEST_INTEGER

MOST_MEMBERS: Final = 100
FARTHEST: Final = timedelta(hours=16)  # from UTC; PostgreSQL reads only what is nearer, in whole seconds


class FlagFilter(django_filters.ChoiceFilter):
    """`true` or `false`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=[("true", "true"), ("false", "false")], null_label=None, empty_label=None, **kwargs)


class IdFilter(django_filters.NumberFilter):
    """A row's id; an unknown one, or one that the caller may not see, finds nothing."""

    field_class = forms.IntegerField

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=-LARGEST_INTEGER, max_value=LARGEST_INTEGER, **kwargs)

    def get_max_validator(self) -> None:
        """The field has its own."""


class Members(BaseCSVField):
    def clean(self, value: list[str] | None) -> Any:
        if value and (not all(value) or len(value) > MOST_MEMBERS):
            message = _("Up to %(most)d values, separated by commas, are needed.") % {"most": MOST_MEMBERS}
            raise forms.ValidationError(message, code="invalid")
        return super().clean(value)


class InFilter(django_filters.BaseInFilter):
    """Any of up to `MOST_MEMBERS` values; none of them may be empty."""

    base_field_class = Members


class IdInFilter(InFilter, IdFilter):
    """`1,2,3`."""


class ChoiceInFilter(InFilter, django_filters.ChoiceFilter):
    """`open,pending`."""


class TextInFilter(InFilter, django_filters.CharFilter):
    """`one,two`."""


class MomentField(IsoDateTimeField):
    def to_python(self, value: Any) -> datetime | None:
        moment: datetime | None = super().to_python(value)
        offset = moment and moment.utcoffset()
        if offset and (offset.microseconds or abs(offset) >= FARTHEST):
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return moment


class MomentFilter(django_filters.IsoDateTimeFilter):
    """A date, or a time of a date in any time zone that there is."""

    field_class = MomentField
