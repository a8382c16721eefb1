"""`/api/users/`: oneself, for agents everybody, and for admins whom to invite and what to change."""

from typing import Any, ClassVar

import django_filters
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from helpdesk.accounts.api import examples
from helpdesk.accounts.api.bodies import valid
from helpdesk.accounts.api.caller import caller
from helpdesk.accounts.api.inputs import InvitationInput, PersonInput, ProfileInput
from helpdesk.accounts.api.outputs import ColleagueOutput, DetailOutput, PersonOutput, ProfileOutput
from helpdesk.accounts.models import User
from helpdesk.accounts.operations import password_links, users
from helpdesk.accounts.roles import Permission, Role
from helpdesk.api.cached import cached
from helpdesk.api.filters import FlagFilter
from helpdesk.api.pagination import Pages
from helpdesk.api.schema import refusals
from helpdesk.api.views import ApiView, ApiViewSet
from helpdesk.core.errors import NotFound

_COLLEAGUE = tuple(ColleagueOutput().fields)
_PROFILE = tuple(ProfileOutput().fields)


class MeView(ApiView):
    permissions: ClassVar[dict[str, str | None]] = {"get": None, "patch": None}

    @extend_schema(
        summary="Read one's own profile",
        description="Who the token belongs to.",
        responses=ProfileOutput,
        operation_id="users_me_retrieve",
    )
    def get(self, request: Request) -> Response:
        return Response(_values(caller(request)))

    @extend_schema(
        summary="Change one's own profile",
        description="Name, language, phone and time zone; all else is ignored.",
        request=ProfileInput(partial=True),
        responses=ProfileOutput,
        operation_id="users_me_partial_update",
    )
    def patch(self, request: Request) -> Response:
        data = ProfileInput(data=request.data, partial=True)
        data.is_valid(raise_exception=True)
        user = users.update_profile(by=caller(request), changes=data.validated_data, now=timezone.now())
        return Response(_values(user))


def _values(user: User) -> dict[str, Any]:
    return {field: getattr(user, field) for field in _PROFILE}


class UserFilters(django_filters.FilterSet):
    role = django_filters.ChoiceFilter(choices=Role.choices)
    is_active = FlagFilter(method="filter_is_active")
    search = django_filters.CharFilter(method="filter_search", help_text="Part of the username or the name.")

    class Meta:
        model = User
        fields: list[str] = []

    def filter_is_active(self, people: QuerySet[User], _name: str, value: str) -> QuerySet[User]:
        return people.filter(is_active=value == "true")

    def filter_search(self, people: QuerySet[User], _name: str, value: str) -> QuerySet[User]:
        found = Q(username__icontains=value) | Q(name__icontains=value)
        # Who may not read an address may not probe for it either.
        if self.request.user.may(Permission.MANAGE_USERS):
            found |= Q(email__icontains=value)
        return people.filter(found)


@extend_schema_view(
    list=extend_schema(
        summary="List people",
        description="Agents read who they are, admins everything. Closed to customers.",
        responses=PersonOutput(many=True),
    ),
    retrieve=extend_schema(
        summary="Read a person",
        description="As in the list. Closed to customers, whoever it is.",
        responses=PersonOutput,
    ),
    create=extend_schema(
        summary="Invite somebody",
        description="For admins. A mail brings a link to choose a password, good for seven days.",
        request=InvitationInput,
        responses={201: ProfileOutput},
    ),
    partial_update=extend_schema(
        summary="Change a person",
        description="For admins: role, activity, name and e-mail address; all else is ignored.",
        request=PersonInput(partial=True),
        responses={200: ProfileOutput} | refusals(examples.OWN_ACCOUNT, examples.LAST_ADMIN),
    ),
    invite=extend_schema(
        summary="Send an invitation again",
        description="For admins, as long as the person has no password.",
        request=None,
        responses={
            202: OpenApiResponse(
                DetailOutput, examples=[OpenApiExample("On its way", value={"detail": "The mail is on its way."})]
            )
        }
        | refusals(examples.NOT_INVITABLE),
    ),
)
class UserViewSet(ApiViewSet):
    route_permission = Permission.SEE_USERS
    permissions: ClassVar[dict[str, str | None]] = {
        "list": Permission.SEE_USERS,
        "retrieve": Permission.SEE_USERS,
        "create": Permission.MANAGE_USERS,
        "partial_update": Permission.MANAGE_USERS,
        "invite": Permission.MANAGE_USERS,
    }
    queryset = User.objects.none()
    serializer_class = ProfileOutput
    filter_backends = [DjangoFilterBackend]
    filterset_class = UserFilters
    pagination_class = Pages

    def get_queryset(self) -> QuerySet[User]:
        return User.objects.order_by("id")

    @cached
    def list(self, _request: Request) -> Response:
        people = self.filter_queryset(self.get_queryset())
        return self.get_paginated_response(self.page_of(people.values(*self._columns())))

    def retrieve(self, request: Request, pk: int) -> Response:
        person = self.get_queryset().filter(pk=pk).values(*self._columns()).first()
        if person is None:
            raise NotFound("")
        self.check_object_permissions(request, person)
        return Response(person)

    def create(self, request: Request) -> Response:
        values = valid(InvitationInput, request)
        user = password_links.invite_user(by=caller(request), now=timezone.now(), **values)
        return Response(_values(user), status=201)

    def partial_update(self, request: Request, pk: int) -> Response:
        self._check_found(request, pk)
        changes = valid(PersonInput, request, partial=True)
        user = users.update_user(by=caller(request), user_id=pk, changes=changes, now=timezone.now())
        return Response(_values(user))

    @action(detail=True, methods=["post"])
    def invite(self, request: Request, pk: int) -> Response:
        self._check_found(request, pk)
        password_links.invite_again(by=caller(request), user_id=pk, now=timezone.now())
        return Response({"detail": _("The mail is on its way.")}, status=202)

    def _check_found(self, request: Request, pk: int) -> None:
        """404 comes before 403."""
        person = self.get_queryset().filter(pk=pk).values("pk").first()
        if person is None:
            raise NotFound("")
        self.check_object_permissions(request, person)

    def _columns(self) -> tuple[str, ...]:
        return _PROFILE if caller(self.request).may(Permission.MANAGE_USERS) else _COLLEAGUE
