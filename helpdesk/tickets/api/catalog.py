"""`/api/categories/`, `/api/tags/`, `/api/teams/`: read by whoever works with them, written by admins."""

from collections.abc import Callable
from typing import Any, ClassVar

import django_filters
from django.utils import timezone
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import OpenApiRequest, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from helpdesk.accounts.api.bodies import valid
from helpdesk.accounts.api.caller import caller
from helpdesk.accounts.roles import Permission
from helpdesk.api.cached import cached
from helpdesk.api.filters import IdFilter
from helpdesk.api.pagination import Pages
from helpdesk.api.schema import refusals
from helpdesk.api.views import ApiViewSet
from helpdesk.tickets import queries
from helpdesk.tickets.api import catalog_examples as examples
from helpdesk.tickets.api.catalog_inputs import CategoryInput, TagInput, TeamInput
from helpdesk.tickets.api.catalog_outputs import CategoryOutput, TagOutput, TeamOutput
from helpdesk.tickets.models import Category, Tag, Team
from helpdesk.tickets.operations import catalog, teams


class CategoryFilters(django_filters.FilterSet):
    parent = IdFilter(field_name="parent__id", help_text="Those below this one.")
    search = django_filters.CharFilter(field_name="name", lookup_expr="icontains", help_text="Part of the name.")

    class Meta:
        model = Category
        fields: list[str] = []


class TagFilters(django_filters.FilterSet):
    search = django_filters.CharFilter(field_name="name", lookup_expr="icontains", help_text="Part of the name.")

    class Meta:
        model = Tag
        fields: list[str] = []


class TeamFilters(django_filters.FilterSet):
    search = django_filters.CharFilter(field_name="name", lookup_expr="icontains", help_text="Part of the name.")

    class Meta:
        model = Team
        fields: list[str] = []


class CatalogViewSet(ApiViewSet):
    """What the three do alike: sorted by name, all of them to whoever may see them."""

    permissions: ClassVar[dict[str, str | None]] = {
        "list": None,
        "retrieve": None,
        "create": Permission.MANAGE_CATALOG,
        "partial_update": Permission.MANAGE_CATALOG,
        "destroy": Permission.MANAGE_CATALOG,
    }
    filter_backends = [DjangoFilterBackend]
    pagination_class = Pages

    columns: ClassVar[tuple[str, ...]]
    input_class: ClassVar[type[serializers.Serializer]]
    # The operations, and what they call the row's id.
    make: Callable[..., Any]
    change: Callable[..., Any]
    remove: Callable[..., Any]
    id_name: ClassVar[str]

    def page_rows(self, rows: Any) -> Any:
        return rows.values(*self.columns)

    def body(self, row: dict[str, Any]) -> dict[str, Any]:
        return row

    @cached
    def list(self, _request: Request) -> Response:
        rows = self.filter_queryset(self.get_queryset().order_by("name", "id"))
        return self.get_paginated_response([self.body(row) for row in self.page_of(rows)])

    def retrieve(self, request: Request, pk: int) -> Response:
        row = self._row(pk)
        self.check_object_permissions(request, row)
        return Response(row)

    def create(self, request: Request) -> Response:
        row = self.make(by=caller(request), now=timezone.now(), **valid(self.input_class, request))
        return Response(self._row(row.pk), status=201)

    def partial_update(self, request: Request, pk: int) -> Response:
        self.check_object_permissions(request, self._row(pk))
        changes = valid(self.input_class, request, partial=True)
        self.change(**{self.id_name: pk}, by=caller(request), changes=changes, now=timezone.now())
        return Response(self._row(pk))

    def destroy(self, request: Request, pk: int) -> Response:
        self.check_object_permissions(request, self._row(pk))
        self.remove(**{self.id_name: pk}, by=caller(request), now=timezone.now())
        return Response(status=204)

    def _row(self, pk: int) -> dict[str, Any]:
        row: dict[str, Any] | None = self.page_rows(self.get_queryset().filter(pk=pk)).first()
        if row is None:
            raise catalog.CatalogRowNotFound
        return self.body(row)


@extend_schema_view(
    list=extend_schema(
        summary="List categories",
        description="By name, those of both levels.",
        responses=CategoryOutput(many=True),
    ),
    retrieve=extend_schema(
        summary="Read a category", description="With what it brings to a ticket.", responses=CategoryOutput
    ),
    create=extend_schema(
        summary="Create a category",
        description="For admins. There are two levels. A name is unique below its parent, in any case.",
        request=CategoryInput,
        responses={201: CategoryOutput} | refusals(examples.NAME_TAKEN),
    ),
    partial_update=extend_schema(
        summary="Change a category",
        description="For admins. What is filed there stays where it is, in whichever queue.",
        request=OpenApiRequest(CategoryInput(partial=True)),
        responses={200: CategoryOutput} | refusals(examples.NAME_TAKEN),
    ),
    destroy=extend_schema(
        summary="Delete a category",
        description="For admins, if nothing was ever filed there.",
        responses={204: None} | refusals(examples.CATEGORY_IN_USE),
    ),
)
class CategoryViewSet(CatalogViewSet):
    queryset = Category.objects.all()
    serializer_class = CategoryOutput
    input_class = CategoryInput
    filterset_class = CategoryFilters

    columns = ("id", "name", "parent", "team", "priority")
    make = staticmethod(catalog.create_category)
    change = staticmethod(catalog.update_category)
    remove = staticmethod(catalog.delete_category)
    id_name = "category_id"


@extend_schema_view(
    list=extend_schema(summary="List tags", description="By name.", responses=TagOutput(many=True)),
    retrieve=extend_schema(summary="Read a tag", description="Its name and colour.", responses=TagOutput),
    create=extend_schema(
        summary="Create a tag",
        description="For admins. A name is unique in any case.",
        request=TagInput,
        responses={201: TagOutput} | refusals(examples.NAME_TAKEN),
    ),
    partial_update=extend_schema(
        summary="Change a tag",
        description="For admins. Tickets that bear it show the new name.",
        request=OpenApiRequest(TagInput(partial=True)),
        responses={200: TagOutput} | refusals(examples.NAME_TAKEN),
    ),
    destroy=extend_schema(
        summary="Delete a tag",
        description="For admins, if no ticket bears it.",
        responses={204: None} | refusals(examples.TAG_IN_USE),
    ),
)
class TagViewSet(CatalogViewSet):
    queryset = Tag.objects.all()
    serializer_class = TagOutput
    input_class = TagInput
    filterset_class = TagFilters

    columns = ("id", "name", "color")
    make = staticmethod(catalog.create_tag)
    change = staticmethod(catalog.update_tag)
    remove = staticmethod(catalog.delete_tag)
    id_name = "tag_id"


@extend_schema_view(
    list=extend_schema(
        summary="List teams",
        description="By name, with their members. Closed to customers.",
        responses=TeamOutput(many=True),
    ),
    retrieve=extend_schema(
        summary="Read a team", description="As in the list. Closed to customers.", responses=TeamOutput
    ),
    create=extend_schema(
        summary="Create a team",
        description="For admins. Members are active agents. A name is unique in any case.",
        request=TeamInput,
        responses={201: TeamOutput} | refusals(examples.NAME_TAKEN),
    ),
    partial_update=extend_schema(
        summary="Change a team",
        description="For admins. `members` are all that it will have.",
        request=OpenApiRequest(TeamInput(partial=True)),
        responses={200: TeamOutput} | refusals(examples.NAME_TAKEN),
    ),
    destroy=extend_schema(
        summary="Delete a team",
        description="For admins, if no ticket and no category belongs to it.",
        responses={204: None} | refusals(examples.TEAM_IN_USE),
    ),
)
class TeamViewSet(CatalogViewSet):
    route_permission = Permission.SEE_TEAMS
    permissions: ClassVar[dict[str, str | None]] = CatalogViewSet.permissions | {
        "list": Permission.SEE_TEAMS,
        "retrieve": Permission.SEE_TEAMS,
    }
    queryset = Team.objects.all()
    serializer_class = TeamOutput
    input_class = TeamInput
    filterset_class = TeamFilters

    make = staticmethod(teams.create_team)
    change = staticmethod(teams.update_team)
    remove = staticmethod(teams.delete_team)
    id_name = "team_id"

    def page_rows(self, rows: Any) -> Any:
        return queries.team_values(rows)

    def body(self, row: dict[str, Any]) -> dict[str, Any]:
        return queries.team_body(row)
