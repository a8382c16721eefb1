"""`/api/chat/conversations/{id}/…`: what is said in a conversation, and how far it was read."""

from typing import Any, ClassVar

import django_filters
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from helpdesk.accounts.api.bodies import valid
from helpdesk.accounts.api.caller import caller
from helpdesk.accounts.roles import Permission
from helpdesk.api.pagination import CursorPages
from helpdesk.api.schema import refusals
from helpdesk.api.uploads import FormParser
from helpdesk.api.views import ApiViewSet
from helpdesk.chat import queries
from helpdesk.chat.api import examples
from helpdesk.chat.api.addresses import link_to
from helpdesk.chat.api.inputs import MarkReadInput, SendFileInput, SendMessageInput
from helpdesk.chat.api.outputs import MessageOutput
from helpdesk.chat.models import Conversation, Message, MessageQuerySet
from helpdesk.chat.operations import messages as operations
from helpdesk.chat.operations.conversations import ConversationNotFound
from helpdesk.chat.operations.reading import mark_read
from helpdesk.files import receiving
from helpdesk.files.errors import FIELD, BadFile
from helpdesk.files.receiving import Incoming

_REFUSED = refusals(examples.NO_FILE, examples.FILE_TOO_LARGE, examples.TYPE_NOT_ALLOWED, examples.NOT_REACHABLE)


class MessageFilters(django_filters.FilterSet):
    search = django_filters.CharFilter(
        method="filter_search", help_text="Words that all occur in a message, or in the name of its file."
    )

    class Meta:
        model = Message
        fields: list[str] = []

    def filter_search(self, messages: MessageQuerySet, _name: str, value: str) -> MessageQuerySet:
        return queries.found(messages, value)


class _InConversation(ApiViewSet):
    """The path names a conversation of the caller's own; any other is not there."""

    queryset = Message.objects.none()
    serializer_class = MessageOutput

    def find(self, request: Request, conversation_id: int) -> None:
        """404 if it is not there, then 403 if the role may not."""
        if not Conversation.objects.visible_to(caller(request)).filter(pk=conversation_id).exists():
            raise ConversationNotFound
        self.check_object_permissions(request, conversation_id)

    def body(self, request: Request, message: Message) -> dict[str, Any]:
        return queries.message_bodies(queries.message_of(message.pk), link=link_to(request))[0]


@extend_schema_view(
    list=extend_schema(
        summary="Read a conversation",
        description="Its messages, newest first.",
        operation_id="chat_messages_list",
        responses=MessageOutput(many=True),
    ),
    create=extend_schema(
        summary="Write a message",
        description="Also over the socket, by the frame `chat_message`.",
        operation_id="chat_messages_create",
        request=SendMessageInput,
        responses={201: MessageOutput} | refusals(examples.NOT_REACHABLE),
    ),
)
class MessageViewSet(_InConversation):
    permissions: ClassVar[dict[str, str | None]] = {"list": None, "create": Permission.CHAT}
    filter_backends = [DjangoFilterBackend]
    filterset_class = MessageFilters
    pagination_class = CursorPages

    def get_queryset(self) -> MessageQuerySet:
        mine = Message.objects.visible_to(caller(self.request))
        return mine.filter(conversation=self.kwargs["conversation_id"]).order_by("-id")

    def page_rows(self, messages: MessageQuerySet) -> QuerySet[Any, dict[str, Any]]:
        return queries.message_values(messages)

    def list(self, request: Request, conversation_id: int) -> Response:
        self.find(request, conversation_id)
        rows = self.page_of(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(queries.message_bodies(rows, link=link_to(request)))

    def create(self, request: Request, conversation_id: int) -> Response:
        self.find(request, conversation_id)
        values = valid(SendMessageInput, request)
        now = timezone.now()
        message = operations.send_message(by=caller(request), conversation_id=conversation_id, now=now, **values)
        return Response(self.body(request, message), status=201)


@extend_schema_view(
    create=extend_schema(
        summary="Send a file",
        description="A message with the file. What kind it is, its content says; a picture is written anew, without "
        "what stood in it besides. The two of the conversation see it, and nobody else.",
        operation_id="chat_attachments_create",
        request={"multipart/form-data": SendFileInput},
        responses={201: MessageOutput} | _REFUSED,
    ),
)
class SendFileViewSet(_InConversation):
    permissions: ClassVar[dict[str, str | None]] = {"create": Permission.CHAT}
    parser_classes = [FormParser]

    def create(self, request: Request, conversation_id: int) -> Response:
        self.find(request, conversation_id)
        incoming = request.FILES.get(FIELD)
        if not isinstance(incoming, Incoming):
            raise BadFile("required", _("There is no file in the part “file”."))
        try:
            with receiving.check(incoming) as file:
                message = operations.send_file(
                    by=caller(request), conversation_id=conversation_id, file=file, now=timezone.now()
                )
        finally:
            incoming.close()
        return Response(self.body(request, message), status=201)


@extend_schema_view(
    create=extend_schema(
        summary="Mark messages as read",
        description="All up to this one. The other one's sockets hear of it.",
        operation_id="chat_read_create",
        request=MarkReadInput,
        responses={204: None} | refusals(examples.NO_SUCH_MESSAGE),
    ),
)
class ReadViewSet(_InConversation):
    permissions: ClassVar[dict[str, str | None]] = {"create": Permission.CHAT}

    def create(self, request: Request, conversation_id: int) -> Response:
        self.find(request, conversation_id)
        values = valid(MarkReadInput, request)
        mark_read(by=caller(request), conversation_id=conversation_id, now=timezone.now(), **values)
        return Response(status=204)
