"""Categories, tags and teams: their lists, and the page of each."""

from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from helpdesk.accounts.roles import Permission, roles_with
from helpdesk.backoffice.model_admin import OperationsAdmin
from helpdesk.tickets.admin.catalog_forms import CategoryForm, TagForm, TeamForm
from helpdesk.tickets.models import Category, Tag, Team
from helpdesk.tickets.operations import catalog, teams


class CatalogAdmin(OperationsAdmin):
    """What the three do alike. One is deleted at a time, so that it can be said why it stays."""

    may_add = may_change = may_delete = True
    list_display: tuple[str, ...]
    search_fields = ("name",)
    ordering: tuple[str, ...] = ("name", "id")

    def get_actions(self, request: Any) -> Any:  # noqa: ARG002
        return {}


class CategoryAdmin(CatalogAdmin):
    subject_kind = "category"
    form = CategoryForm
    fields = ("name", "parent", "team", "priority")
    list_display = ("name", "above", "queue", "shown_priority")
    list_select_related = ("parent", "team")
    ordering = ("parent__name", "name", "id")

    def create(self, request: Any, values: dict[str, Any]) -> Category:
        return catalog.create_category(by=request.user, now=timezone.now(), **_by_id(values))

    def update(self, request: Any, row: Any, changes: dict[str, Any]) -> None:
        catalog.update_category(by=request.user, category_id=row.pk, changes=_by_id(changes), now=timezone.now())

    def remove(self, request: Any, row: Any) -> None:
        catalog.delete_category(by=request.user, category_id=row.pk, now=timezone.now())

    @display(description=_("Below"))
    def above(self, category: Category) -> Any:
        return category.parent

    @display(description=_("Team"))
    def queue(self, category: Category) -> Any:
        return category.team

    @display(description=_("Priority"))
    def shown_priority(self, category: Category) -> str | None:
        return category.priority and str(category.get_priority_display())


class TagAdmin(CatalogAdmin):
    subject_kind = "tag"
    form = TagForm
    fields = ("name", "color")
    list_display = ("name", "shown_color")

    def create(self, request: Any, values: dict[str, Any]) -> Tag:
        return catalog.create_tag(by=request.user, now=timezone.now(), **values)

    def update(self, request: Any, row: Any, changes: dict[str, Any]) -> None:
        catalog.update_tag(by=request.user, tag_id=row.pk, changes=changes, now=timezone.now())

    def remove(self, request: Any, row: Any) -> None:
        catalog.delete_tag(by=request.user, tag_id=row.pk, now=timezone.now())

    @display(description=_("Colour"))
    def shown_color(self, tag: Tag) -> str:
        # An attribute, not a style: pages allow no styles of their own.
        return format_html('<svg width="14" height="14"><rect width="14" height="14" fill="{0}"/></svg> {0}', tag.color)


class TeamAdmin(CatalogAdmin):
    subject_kind = "team"
    form = TeamForm
    fields = ("name", "assignment", "agents")
    list_display = ("name", "shown_assignment", "size")

    def get_queryset(self, request: Any) -> QuerySet[Team]:
        agents = Q(members__is_active=True, members__role__in=roles_with(Permission.BE_ASSIGNED))
        rows: QuerySet[Team] = super().get_queryset(request).annotate(agents=Count("members", filter=agents))
        return rows

    def create(self, request: Any, values: dict[str, Any]) -> Team:
        return teams.create_team(by=request.user, now=timezone.now(), **_with_members(values))

    def update(self, request: Any, row: Any, changes: dict[str, Any]) -> None:
        teams.update_team(by=request.user, team_id=row.pk, changes=_with_members(changes), now=timezone.now())

    def remove(self, request: Any, row: Any) -> None:
        teams.delete_team(by=request.user, team_id=row.pk, now=timezone.now())

    @display(description=_("Assignment"))
    def shown_assignment(self, team: Team) -> str:
        return str(team.get_assignment_display())

    @display(description=_("Members"))
    def size(self, team: Any) -> int:
        return int(team.agents)


def _by_id(values: dict[str, Any]) -> dict[str, Any]:
    rows = {field: values[field] and values[field].pk for field in ("parent", "team") if field in values}
    return values | rows


def _with_members(values: dict[str, Any]) -> dict[str, Any]:
    people = values.pop("agents", None)
    return values if people is None else values | {"members": [person.pk for person in people]}
