"""Pages of a list, in one statement each, and a way on from page 1 to the last row.

Both paginators take a queryset of instances or of dicts. Where a list is `.values()` of joined tables, the view
names them in `page_rows(queryset)`, so that counting does not join them:

    def page_rows(self, queryset):
        return queryset.values("id", "title", "created_by__name")

And where it knows without counting how many rows there are, as long as nobody filters them, it says so as an expression
in `all_rows()`, or None.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from django.db.models import IntegerField, QuerySet, Subquery, Value
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import NotFound
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param

from helpdesk.api.keyset import Cursor, Order
from helpdesk.core.errors import FieldError, Invalid

NUMBER: Final = re.compile(r"0{0,18}[1-9][0-9]{0,18}")  # int() reads no more than 4,300 digits
COUNT: Final = "_count"
# Beyond so many rows those before the page are only skipped in an index; until then, to read them costs less.
SHALLOW: Final = 200
# What chooses a page of a list, and not its rows.
NOT_FILTERS: Final = frozenset({"page", "page_size", "cursor", "ordering", "highlight", "format"})


class PageTooDeep(Invalid):
    code = "page_too_deep"


@dataclass(frozen=True)
class Slice:
    """Rows in order, and whether there are more on either side."""

    rows: list[Any]
    next: Cursor | None
    previous: Cursor | None


class RowCount(Subquery):
    """How many rows a queryset has, as one column of another statement."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()


class _Pages(BasePagination):
    page_size: ClassVar[int] = 20
    max_page_size: ClassVar[int] = 100

    request: Request
    next_url: str | None = None
    previous_url: str | None = None

    def _begin(self, queryset: QuerySet[Any], request: Request, view: Any) -> tuple[QuerySet[Any], QuerySet[Any]]:
        """The rows to count and the rows to show."""
        self.request = request
        self.size = self._number("page_size", self.page_size, self.max_page_size)
        self.order = Order.of(queryset)
        page_rows = getattr(view, "page_rows", None)
        return queryset, page_rows(queryset) if page_rows else queryset

    def _number(self, name: str, default: int, largest: int | None = None) -> int:
        text = self.request.query_params.get(name)
        if text is None:
            return default
        if not NUMBER.fullmatch(text):
            raise Invalid(
                _("Some fields are wrong."),
                errors=[FieldError(name, "invalid", _("A whole number above 0 is needed."))],
            )
        return min(int(text), largest) if largest else int(text)

    def _slice(self, queryset: QuerySet[Any], cursor: Cursor | None) -> Slice:
        back = cursor is not None and cursor.back
        order = self.order.reversed() if back else self.order
        queryset = order.apply(order.with_keys(queryset))
        found: list[Any] = []
        for condition in order.phases(cursor.values) if cursor else (None,):
            part = queryset if condition is None else queryset.filter(condition)
            found += part[: self.size + 1 - len(found)]
            if len(found) > self.size:
                break
        more = len(found) > self.size
        rows = found[: self.size]
        keys = [order.take_keys(row) for row in rows]
        if back:
            rows.reverse()
            keys.reverse()
        if not rows:
            return Slice([], None, None)
        return Slice(
            rows,
            next=Cursor(keys[-1]) if back or more else None,
            previous=Cursor(keys[0], back=True) if (more if back else cursor is not None) else None,
        )

    def _url(self, name: str, value: Any) -> str:
        url = self.request.build_absolute_uri()
        for other in ("page", "cursor"):
            url = remove_query_param(url, other)
        return replace_query_param(url, name, value)

    def _cursor_url(self, cursor: Cursor | None) -> str | None:
        return self._url("cursor", cursor.encode(self.order)) if cursor else None

    def _response(self, body: dict[str, Any]) -> Response:
        links = ((self.next_url, "next"), (self.previous_url, "prev"))
        link = ", ".join(f'<{url}>; rel="{rel}"' for url, rel in links if url)
        return Response(body, headers={"Link": link} if link else None)


class Pages(_Pages):
    """`{count, next, previous, results}`: numbered pages, which turn into cursors beyond row `deepest`."""

    deepest: ClassVar[int] = 10_000

    count: int
    count_exact: bool

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        counted, shown = self._begin(queryset, request, view)
        filtered = _is_filtered(request, view)
        # No column of theirs: an index that has only what chooses them is enough to count them.
        total = counted.order_by().annotate(**{COUNT: Value(1)}).values(COUNT)
        if filtered:
            total = total[: self.deepest + 1]
        known = None if filtered or not hasattr(view, "all_rows") else view.all_rows()
        shown = shown.annotate(**{COUNT: RowCount(total) if known is None else known})
        cursor = request.query_params.get("cursor")
        rows = self._after(shown, cursor) if cursor else self._page(shown, counted)
        counts = [row.pop(COUNT) if isinstance(row, dict) else row.__dict__.pop(COUNT) for row in rows]
        # Without a row to bring it there is none to count, unless a cursor stands behind the last.
        count = counts[0] if counts else total.count() if cursor else 0
        self.count_exact = not (filtered and count > self.deepest)
        self.count = count if self.count_exact else self.deepest
        return rows

    def _page(self, queryset: QuerySet[Any], ids: QuerySet[Any]) -> list[Any]:
        number = self._number("page", 1)
        start, end = (number - 1) * self.size, number * self.size
        if start >= self.deepest:
            raise PageTooDeep(_("Follow next instead: a page this deep has no number."))
        turns = end >= self.deepest
        queryset = self.order.apply(self.order.with_keys(queryset) if turns else queryset)
        if start < SHALLOW:
            found = list(queryset[start : end + 1])
        else:
            found = list(queryset.filter(pk__in=self.order.apply(ids)[start : end + 1].values("pk")))
        if not found and number > 1:
            raise NotFound
        keys = [self.order.take_keys(row) for row in found] if turns else []
        rows = found[: self.size]
        if len(found) > self.size:
            if turns:
                self.next_url = self._cursor_url(Cursor(keys[self.size - 1]))
            else:
                self.next_url = self._url("page", number + 1)
        if number > 1:
            self.previous_url = self._url("page", number - 1)
        return rows

    def _after(self, queryset: QuerySet[Any], text: str) -> list[Any]:
        part = self._slice(queryset, Cursor.decode(text, self.order))
        self.next_url, self.previous_url = self._cursor_url(part.next), self._cursor_url(part.previous)
        return part.rows

    def get_paginated_response(self, data: Sequence[Any]) -> Response:
        body = {"count": self.count, "next": self.next_url, "previous": self.previous_url, "results": data}
        return self._response(body if self.count_exact else {**body, "count_exact": False})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return _schema(
            schema,
            count={"type": "integer", "minimum": 0, "example": 1},
            count_exact={
                "type": "boolean",
                "description": "False, and only there, when there are more rows than `count`.",
                "example": False,
            },
        )

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:  # noqa: ARG002
        return [
            _parameter("page", {"type": "integer", "minimum": 1}, "A page; beyond row 10,000 follow `next`."),
            *_CURSOR_PARAMETERS,
        ]


class CursorPages(_Pages):
    """`{next, previous, results}`, for lists that only grow."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        _counted, shown = self._begin(queryset, request, view)
        text = request.query_params.get("cursor")
        part = self._slice(shown, Cursor.decode(text, self.order) if text else None)
        self.next_url, self.previous_url = self._cursor_url(part.next), self._cursor_url(part.previous)
        return part.rows

    def get_paginated_response(self, data: Sequence[Any]) -> Response:
        return self._response({"next": self.next_url, "previous": self.previous_url, "results": data})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return _schema(schema)

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:  # noqa: ARG002
        return _CURSOR_PARAMETERS


def _is_filtered(request: Request, view: Any) -> bool:
    """Whether a parameter chose among the rows. An unknown one chooses nothing."""
    given = {name for name, value in request.query_params.items() if value} - NOT_FILTERS
    filterset = getattr(view, "filterset_class", None)
    return bool(given & filterset.base_filters.keys() if filterset else given)


def _parameter(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": description}


_CURSOR_PARAMETERS: Final = [
    _parameter("page_size", {"type": "integer", "minimum": 1}, "Rows in a page; more than 100 is 100."),
    _parameter("cursor", {"type": "string"}, "A place in the list, as `next` and `previous` give it."),
]


def _schema(results: dict[str, Any], **members: dict[str, Any]) -> dict[str, Any]:
    url = {"type": ["string", "null"], "format": "uri", "example": None}
    properties = {**members, "next": url, "previous": url, "results": results}
    return {
        "type": "object",
        "required": [name for name in properties if name != "count_exact"],
        "properties": properties,
    }
