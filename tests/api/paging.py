"""Reading lists page by page, as a client does, and the orders that they can have."""

import itertools

from django.db.models import F
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from helpdesk.api.pagination import Pages

ORDERS = {
    "created_at": ["created_at"],
    "-created_at": ["-created_at", "-id"],
    "priority": ["priority_rank", "id"],
    "-priority": ["-priority_rank", "-id"],
    "last_comment_at": ["last_comment_at", "id"],
    "-last_comment_at": [F("last_comment_at").desc(nulls_last=True), F("id").desc()],
    "mixed": ["-priority_rank", "created_at"],
    "two nullable": ["-last_comment_at", "closed_at", "id"],
    "by relation": ["created_by__username", "-id"],
    "nothing": [],
}


class ShallowPages(Pages):
    deepest = 6


def fetch(queryset, url="/?page_size=4", pages=ShallowPages, view=None):
    """The rows and the response to one address."""
    paginator = pages()
    request = Request(APIRequestFactory().get(url))
    rows = paginator.paginate_queryset(queryset, request, view)
    return rows, paginator.get_paginated_response(rows)


def follow(queryset, url="/?page_size=4", pages=ShallowPages, link="next", between=lambda: None):
    """Every page from one address on."""
    while url:
        rows, response = fetch(queryset, url, pages)
        yield rows
        between()
        url = response.data[link]


def ids(pages):
    return [row["id"] if isinstance(row, dict) else row.pk for row in itertools.chain.from_iterable(pages)]


def in_order(queryset, order):
    """What PostgreSQL sorts, NULLs last."""
    terms = [term if not isinstance(term, str) else _nulls_last(term) for term in order]
    reverse = bool(order) and str(order[-1]).startswith("-")
    return [row.pk for row in queryset.order_by(*terms, "-id" if reverse else "id")]


def _nulls_last(term):
    column = F(term.removeprefix("-"))
    return column.desc(nulls_last=True) if term.startswith("-") else column.asc(nulls_last=True)
