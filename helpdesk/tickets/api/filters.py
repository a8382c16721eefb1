"""What the lists can be narrowed to, and in which order they come."""

from typing import Any, Final

import django_filters
from django.db.models import F, OrderBy, Q, Value
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from helpdesk.accounts.roles import Permission
from helpdesk.api.filters import ChoiceInFilter, FlagFilter, IdFilter, IdInFilter, MomentFilter, TextInFilter
from helpdesk.tickets.enums import Priority, Status
from helpdesk.tickets.models import Category, Comment, CommentQuerySet, Tag, Ticket, TicketQuerySet
from helpdesk.tickets.operations.filing import one_line
from helpdesk.tickets.queries import comments_before, sight_of
from helpdesk.tickets.search import by_relevance, search

# Every order of the list by its name in the URL, as the attribute of `Sight` or the column behind it.
ORDERINGS: Final = ("created_at", "updated_at", "priority", "last_comment_at")
DEFAULT_ORDERING: Final = "-created_at"
RELEVANCE: Final = "relevance"


def order(tickets: TicketQuerySet, name: str, *, user: Any) -> TicketQuerySet:
    """Tickets without a comment come last in both directions; every order ends in the id."""
    sight = sight_of(user)
    column = {
        "created_at": "created_at",
        "updated_at": sight.updated_at,
        "priority": "priority_rank",
        "last_comment_at": sight.last_comment_at,
    }[name.removeprefix("-")]
    nulls_last = True if column.endswith("last_comment_at") else None
    descending = name.startswith("-")
    return tickets.order_by(
        OrderBy(F(column), descending=descending, nulls_last=nulls_last), OrderBy(F("id"), descending=descending)
    )


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


class TicketFilters(django_filters.FilterSet):
    status = django_filters.ChoiceFilter(choices=Status.choices)
    status__in = ChoiceInFilter(field_name="status", choices=Status.choices)
    priority = django_filters.ChoiceFilter(choices=Priority.choices)
    priority__in = ChoiceInFilter(field_name="priority", choices=Priority.choices)
    assigned_to = IdFilter(field_name="assigned_to__id")
    assigned_to__in = IdInFilter(field_name="assigned_to__id", lookup_expr="in")
    created_by = IdFilter(field_name="created_by__id")
    created_by__in = IdInFilter(field_name="created_by__id", lookup_expr="in")
    category = IdFilter(method="filter_category", help_text=_("With the categories below it."))
    category__in = IdInFilter(method="filter_category")
    tag = django_filters.CharFilter(method="filter_tag", help_text=_("The name of a tag, in any case."))
    tag__in = TextInFilter(method="filter_tag", help_text=_("Any of these."))
    team = IdFilter(method="filter_team", help_text=_("In whose queue it stands; for agents."))
    team__in = IdInFilter(method="filter_team")
    created_at__gte = MomentFilter(field_name="created_at", lookup_expr="gte")
    created_at__lte = MomentFilter(field_name="created_at", lookup_expr="lte")
    mine = FlagFilter(method="filter_mine", help_text=_("Created by me; for agents: assigned to me."))
    unassigned = FlagFilter(method="filter_unassigned")
    search = django_filters.CharFilter(
        method="filter_search",
        help_text=_(
            "Every word must occur in the title, the description or a comment, as a word or its beginning; "
            '"words in quotes" side by side; `-word` must not occur; `#12`: by number.'
        ),
    )
    ordering = django_filters.ChoiceFilter(
        method="filter_ordering",
        choices=[(name, name) for name in (*(prefix + name for name in ORDERINGS for prefix in ("", "-")), RELEVANCE)],
        help_text=_("Default: -created_at. By relevance only a search of up to 10,000 hits is ordered."),
    )
    highlight = FlagFilter(method="filter_highlight", help_text=_("Show where the words of the search were found."))
    deleted = FlagFilter(method="filter_deleted", help_text=_("The deleted ones instead; for admins."))

    class Meta:
        model = Ticket
        fields: list[str] = []

    def filter_mine(self, tickets: TicketQuerySet, _name: str, value: str) -> TicketQuerySet:
        user = self.request.user
        mine = {"assigned_to": user} if user.may(Permission.BE_ASSIGNED) else {"created_by": user}
        return tickets.filter(**mine) if value == "true" else tickets

    def filter_unassigned(self, tickets: TicketQuerySet, _name: str, value: str) -> TicketQuerySet:
        return tickets.filter(assigned_to__isnull=value == "true")

    # The next two ask for the ids first: the planner knows how many tickets a category or a tag has, but only of one
    # that it sees. Of a subquery it expects an average, and walks through all tickets for the three of a rare tag.

    def filter_category(self, tickets: TicketQuerySet, _name: str, value: Any) -> TicketQuerySet:
        wanted = _several(value)
        ids = Category.objects.filter(Q(pk__in=wanted) | Q(parent__in=wanted)).values_list("pk", flat=True)
        return tickets.filter(category__in=list(ids))

    def filter_tag(self, tickets: TicketQuerySet, _name: str, value: Any) -> TicketQuerySet:
        names = [Lower(Value(one_line(name))) for name in _several(value)]
        ids = Tag.objects.annotate(lower=Lower("name")).filter(lower__in=names).values_list("pk", flat=True)
        return tickets.filter(tag_ids__overlap=found) if (found := list(ids)) else tickets.none()

    def filter_team(self, tickets: TicketQuerySet, _name: str, value: Any) -> TicketQuerySet:
        if not self.request.user.may(Permission.SEE_TEAMS):
            return tickets.none()
        return tickets.filter(team__in=_several(value))

    def filter_search(self, tickets: TicketQuerySet, _name: str, value: str) -> TicketQuerySet:
        return search(tickets, value, user=self.request.user)

    def filter_ordering(self, tickets: TicketQuerySet, _name: str, value: str) -> TicketQuerySet:
        if value == RELEVANCE:
            ranked = by_relevance(tickets, self.form.cleaned_data["search"])
            return tickets if ranked is None else ranked
        return order(tickets, value, user=self.request.user)

    def filter_highlight(self, tickets: TicketQuerySet, _name: str, _value: str) -> TicketQuerySet:
        # The view shows it; here the value was only checked.
        return tickets

    def filter_deleted(self, tickets: TicketQuerySet, _name: str, _value: str) -> TicketQuerySet:
        # The view has chosen the rows, since a role may be refused; here the value was only checked.
        return tickets


class CommentFilters(django_filters.FilterSet):
    ticket = IdFilter(field_name="ticket__id")
    before = IdFilter(method="filter_before", help_text=_("Only comments older than the one with this id."))

    class Meta:
        model = Comment
        fields: list[str] = []

    def filter_before(self, comments: CommentQuerySet, _name: str, value: int) -> CommentQuerySet:
        return comments_before(comments, comment_id=value)
