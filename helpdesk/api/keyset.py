"""Pages that start after a row instead of after a number of rows: they cost the same at any depth."""

import base64
import binascii
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from django.core.exceptions import ValidationError
from django.db.models import BooleanField, Expression, F, Field, GeneratedField, Model, Q, QuerySet, Value
from django.db.models.expressions import OrderBy
from django.utils.translation import gettext_lazy as _

from helpdesk.core.errors import Invalid

LONGEST: Final = 1_000
KEY: Final = "_key{}"  # the annotation that carries the n-th column of the order


class InvalidCursor(Invalid):
    code = "invalid_cursor"

    def __init__(self) -> None:
        super().__init__(_("The cursor is not one of this list."))


@dataclass(frozen=True)
class Column:
    """One column of an order; NULLs stand last, in both directions, until the whole order is reversed."""

    name: str
    field: "Field[Any, Any]"
    descending: bool
    nullable: bool
    nulls_first: bool = False

    def order_by(self) -> OrderBy:
        # Said only where there can be NULLs: otherwise the plain index serves.
        nulls = {"nulls_first" if self.nulls_first else "nulls_last": True} if self.nullable else {}
        return OrderBy(F(self.name), descending=self.descending, **nulls)

    def equal(self, value: Any) -> Q:
        return Q(**{f"{self.name}__isnull": True}) if value is None else Q(**{self.name: value})

    def after(self, value: Any) -> Q | None:
        """What comes strictly later in this column; None for nothing."""
        if value is None:
            return Q(**{f"{self.name}__isnull": False}) if self.nulls_first else None
        later = Q(**{f"{self.name}__{'lt' if self.descending else 'gt'}": value})
        if self.nullable and not self.nulls_first:
            later |= Q(**{f"{self.name}__isnull": True})
        return later


@dataclass(frozen=True)
class Order:
    """A total order over a queryset: it ends in the primary key."""

    columns: tuple[Column, ...]

    @classmethod
    def of(cls, queryset: QuerySet[Any]) -> "Order":
        terms = [_term(term) for term in queryset.query.order_by] or [("pk", False)]
        primary_key = queryset.model._meta.pk.name  # noqa: SLF001 - Django's public introspection
        names = [primary_key if name == "pk" else name for name, _descending in terms]
        if primary_key not in names:
            names.append(primary_key)
            terms.append((primary_key, terms[-1][1]))
        last = names.index(primary_key)  # nothing after it decides anything
        return cls(
            tuple(
                _column(queryset, name, descending=descending)
                for name, (_name, descending) in zip(names[: last + 1], terms, strict=False)
            )
        )

    @property
    def signature(self) -> list[str]:
        return [f"{'-' if column.descending else ''}{column.name}" for column in self.columns]

    def reversed(self) -> "Order":
        return Order(
            tuple(
                replace(column, descending=not column.descending, nulls_first=not column.nulls_first)
                for column in self.columns
            )
        )

    def apply(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.order_by(*(column.order_by() for column in self.columns))

    def with_keys(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Each row also carries the values it is ordered by, as `_key0`…: read in the statement that found it."""
        keys = {KEY.format(index): F(column.name) for index, column in enumerate(self.columns)}
        keyed: QuerySet[Any] = queryset.annotate(**keys)
        return keyed

    def take_keys(self, row: Any) -> list[Any]:
        """The values that `with_keys` put there; a dict is left without them."""
        names = [KEY.format(index) for index in range(len(self.columns))]
        return [row.pop(name) if isinstance(row, dict) else row.__dict__.pop(name) for name in names]

    def phases(self, values: Sequence[Any]) -> Iterator[Q | Expression]:
        """Conditions for what comes after `values`. Their rows, one condition after the other, are in order.

        One range of an index each, where the order allows it: an OR over both would walk the index from its beginning.
        """
        first, *rest = self.columns
        uniform = {column.descending for column in self.columns} == {first.descending}
        if not uniform or any(column.nullable for column in rest):
            yield self.any_after(values)
        elif values[0] is None:
            yield first.equal(None) & Order(tuple(rest)).any_after(values[1:])
            if first.nulls_first:
                yield Q(**{f"{first.name}__isnull": False})
        else:
            yield RowAfter(self.columns, values)
            if first.nullable and not first.nulls_first:
                yield first.equal(None)

    def any_after(self, values: Sequence[Any]) -> Q:
        condition = Q(pk__in=[])
        equal = Q()
        for column, value in zip(self.columns, values, strict=True):
            later = column.after(value)
            if later is not None:
                condition |= equal & later
            equal &= column.equal(value)
        return condition


class RowAfter(Expression):
    """`(a, b) < (x, y)`: one range of the index on (a, b)."""

    conditional = True

    def __init__(self, columns: Sequence[Column], values: Sequence[Any]) -> None:
        super().__init__(output_field=BooleanField())
        self.sides = [
            *(F(column.name) for column in columns),
            *(Value(value, output_field=column.field) for column, value in zip(columns, values, strict=True)),
        ]
        self.operator = "<" if columns[0].descending else ">"

    def get_source_expressions(self) -> list[Any]:
        return self.sides

    def set_source_expressions(self, exprs: Sequence[Any]) -> None:
        self.sides = list(exprs)

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:  # noqa: ARG002
        compiled = [compiler.compile(side) for side in self.sides]
        half = len(compiled) // 2
        left, right = (", ".join(sql for sql, _params in part) for part in (compiled[:half], compiled[half:]))
        params = tuple(param for _sql, params in compiled for param in params)
        return f"({left}) {self.operator} ({right})", params


def _term(term: Any) -> tuple[str, bool]:
    """`"-name"`, `F("name")` or `F("name").desc(…)`; any other expression is to be annotated under a name."""
    if isinstance(term, str):
        return term.removeprefix("-"), term.startswith("-")
    descending = isinstance(term, OrderBy) and term.descending
    column: Any = term.expression if isinstance(term, OrderBy) else term
    return column.name, descending


def _column(queryset: QuerySet[Any], name: str, *, descending: bool) -> Column:
    annotation: Any = queryset.query.annotations.get(name)
    if annotation is not None:
        return Column(name, annotation.output_field, descending, nullable=True)
    field = _field(queryset.model, name)
    stored: Any = field.output_field if isinstance(field, GeneratedField) else field
    return Column(name, stored, descending, nullable=field.null or "__" in name)


def _field(model: type[Model], name: str) -> "Field[Any, Any]":
    *relations, last = name.split("__")
    for relation in relations:
        related = model._meta.get_field(relation).related_model  # noqa: SLF001
        assert isinstance(related, type)
        model = related
    field = model._meta.get_field(last)  # noqa: SLF001
    assert isinstance(field, Field)
    return field


@dataclass(frozen=True)
class Cursor:
    """A place in an order: after (or, going back, before) the row with these values."""

    values: Sequence[Any]
    back: bool = False

    def encode(self, order: Order) -> str:
        raw = orjson.dumps([int(self.back), order.signature, self.values], option=orjson.OPT_UTC_Z)
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    @classmethod
    def decode(cls, text: str, order: Order) -> "Cursor":
        """Raises InvalidCursor, also for a cursor of another order."""
        try:
            if len(text) > LONGEST:
                raise InvalidCursor
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            back, signature, values = orjson.loads(raw)
            if signature != order.signature or back not in (0, 1) or len(values) != len(order.columns):
                raise InvalidCursor
            return cls([_value(column, value) for column, value in zip(order.columns, values, strict=True)], bool(back))
        except (binascii.Error, ValueError, TypeError, ValidationError, OverflowError) as error:
            raise InvalidCursor from error


def _value(column: Column, value: Any) -> Any:
    if value is None:
        if not column.nullable:
            raise InvalidCursor
        return None
    if isinstance(value, str) and "\0" in value:
        raise InvalidCursor
    value = column.field.to_python(value)
    column.field.run_validators(value)
    if isinstance(value, datetime) and value.utcoffset() != timedelta(0):  # ours are in UTC; a naive one has none
        raise InvalidCursor
    return value
