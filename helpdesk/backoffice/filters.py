"""Filters whose values are known: any other value is no filter, never a question to the database."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _


class ChoiceFilter(SimpleListFilter):
    """`options` as a field's choices; `parameter_name` is the column."""

    options: ClassVar[Sequence[tuple[str, Any]]] = ()

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:  # noqa: ARG002
        return list(self.options)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002
        known = {value for value, _label in self.lookup_choices}
        return self.narrow(queryset, str(self.value())) if self.value() in known else queryset

    def narrow(self, rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        return rows.filter(**{str(self.parameter_name): value})


class YesNoFilter(ChoiceFilter):
    options = (("yes", _("Yes")), ("no", _("No")))

    def narrow(self, rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        return rows.filter(**{str(self.parameter_name): value == "yes"})
