"""`/api/chat/`: whom one may write to, one's conversations, and what waits in them."""

from collections.abc import Sequence
from typing import Any, ClassVar

import django_filters
from django.db.models import Q, QuerySet
from django.utils import timezone
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from helpdesk.accounts.api.bodies import valid
from helpdesk.accounts.api.caller import caller
from helpdesk.accounts.api.examples import AGENT
from helpdesk.accounts.api.outputs import UserOutput
from helpdesk.accounts.models import User
from helpdesk.accounts.roles import Permission
from helpdesk.api.pagination import Pages
from helpdesk.api.schema import refusals
from helpdesk.api.views import ApiView, ApiViewSet
from helpdesk.chat import queries
from helpdesk.chat.api import examples
from helpdesk.chat.api.addresses import link_to
from helpdesk.chat.api.inputs import OpenConversationInput
from helpdesk.chat.api.outputs import ConversationOutput, UnreadOutput
from helpdesk.chat.models import Member
from helpdesk.chat.operations.conversations import ConversationNotFound, open_conversation
from helpdesk.realtime.presence import online

# In the class, `list` is an action.
Bodies = list[dict[str, Any]]


@extend_schema_serializer(examples=[OpenApiExample("An agent", value=AGENT)])
class ContactOutput(UserOutput): ...


class ContactFilters(django_filters.FilterSet):
    search = django_filters.CharFilter(method="filter_search", help_text="Part of the username or the name.")

    class Meta:
        model = User
        fields: list[str] = []

    def filter_search(self, people: QuerySet[User], _name: str, value: str) -> QuerySet[User]:
        return people.filter(Q(username__icontains=value) | Q(name__icontains=value))


@extend_schema_view(
    list=extend_schema(
        summary="List whom one may write to",
        description="Agents: everybody active; customers: agents.",
        operation_id="chat_contacts_list",
        responses=ContactOutput(many=True),
    )
)
class ContactViewSet(ApiViewSet):
    permissions: ClassVar[dict[str, str | None]] = {"list": Permission.CHAT}
    queryset = User.objects.none()
    serializer_class = ContactOutput
    filter_backends = [DjangoFilterBackend]
    filterset_class = ContactFilters
    pagination_class = Pages

    def get_queryset(self) -> QuerySet[User]:
        return User.objects.reachable_by(caller(self.request)).order_by("id")

    def list(self, _request: Request) -> Response:
        people = self.filter_queryset(self.get_queryset())
        return self.get_paginated_response(self.page_of(people.values("id", "username", "name", "role")))


@extend_schema_view(
    list=extend_schema(
        summary="List one's conversations",
        description="Those with the newest messages first.",
        operation_id="chat_conversations_list",
        responses=ConversationOutput(many=True),
    ),
    create=extend_schema(
        summary="Begin a conversation",
        description="Two people have one conversation. Where it is there already, the answer is that one, with 200.",
        operation_id="chat_conversations_create",
        request=OpenConversationInput,
        responses={200: ConversationOutput, 201: ConversationOutput} | refusals(examples.NO_SUCH_PERSON),
    ),
    retrieve=extend_schema(
        summary="Read about a conversation",
        description="As in the list.",
        operation_id="chat_conversations_retrieve",
        responses=ConversationOutput,
    ),
)
class ConversationViewSet(ApiViewSet):
    permissions: ClassVar[dict[str, str | None]] = {"list": None, "create": Permission.CHAT, "retrieve": None}
    queryset = Member.objects.none()
    serializer_class = ConversationOutput
    pagination_class = Pages

    def get_queryset(self) -> QuerySet[Member]:
        return queries.conversations_of(caller(self.request))

    def page_rows(self, members: QuerySet[Member]) -> QuerySet[Any, dict[str, Any]]:
        return queries.conversation_values(members, user=caller(self.request))

    def list(self, _request: Request) -> Response:
        return self.get_paginated_response(self._bodies(self.page_of(self.get_queryset())))

    def create(self, request: Request) -> Response:
        values = valid(OpenConversationInput, request)
        conversation, is_new = open_conversation(by=caller(request), user_id=values["user"], now=timezone.now())
        return Response(self._body(conversation.pk), status=201 if is_new else 200)

    def retrieve(self, _request: Request, pk: int) -> Response:
        return Response(self._body(pk))

    def _body(self, pk: int) -> dict[str, Any]:
        rows = self.page_rows(self.get_queryset().filter(conversation=pk))[:1]
        bodies = self._bodies(rows)
        if not bodies:
            raise ConversationNotFound
        return bodies[0]

    def _bodies(self, rows: Sequence[dict[str, Any]] | QuerySet[Any, dict[str, Any]]) -> Bodies:
        rows = [*rows]
        here = online({row["other__id"] for row in rows})
        return queries.conversation_bodies(rows, online=here, link=link_to(self.request))


class UnreadView(ApiView):
    permissions: ClassVar[dict[str, str | None]] = {"get": None}

    @extend_schema(
        summary="Count what one has not read",
        description="In all conversations, and in each where something waits.",
        operation_id="chat_unread_retrieve",
        responses=UnreadOutput,
    )
    def get(self, request: Request) -> Response:
        return Response(queries.unread(caller(request)))
