"""Lists of what hangs on tickets are searched by the ticket's number."""

import re
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

_NUMBER: Final = re.compile(r"#?([0-9]{1,18})", re.ASCII)


class TicketNumberSearch:
    search_fields = ("ticket",)
    search_help_text = _("The number of a ticket (#7)")

    def get_search_results(self, request: Any, queryset: Any, search_term: str) -> tuple[Any, bool]:  # noqa: ARG002
        term = search_term.strip()
        if not term:
            return queryset, False
        number = _NUMBER.fullmatch(term)
        return (queryset.filter(ticket=int(number[1])) if number else queryset.none()), False
