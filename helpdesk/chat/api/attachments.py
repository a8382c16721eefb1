"""`/api/chat/attachments/`: the files of chats, for the two who see the message."""

from typing import Any, ClassVar

from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from helpdesk.accounts.api.caller import caller
from helpdesk.api import stored_files
from helpdesk.api.views import ApiViewSet
from helpdesk.chat import queries
from helpdesk.chat.api.addresses import link_to
from helpdesk.chat.api.outputs import ChatAttachmentOutput
from helpdesk.chat.models import Attachment, ChatFileQuerySet
from helpdesk.core.errors import NotFound


@extend_schema_view(
    retrieve=extend_schema(
        summary="Read about a chat's file",
        description="One in a conversation of the caller's.",
        operation_id="chat_attachments_retrieve",
        responses=ChatAttachmentOutput,
    ),
    download=extend_schema(
        summary="Download a chat's file",
        operation_id="chat_attachments_download",
        **stored_files.DESCRIBED,
    ),
)
class ChatAttachmentViewSet(ApiViewSet):
    permissions: ClassVar[dict[str, str | None]] = {"retrieve": None, "download": None}
    queryset = Attachment.objects.none()
    serializer_class = ChatAttachmentOutput

    def get_queryset(self) -> ChatFileQuerySet:
        return Attachment.objects.visible_to(caller(self.request))

    def retrieve(self, request: Request, pk: int) -> Response:
        return Response(queries.attachment_body(self._find(pk), link=link_to(request)))

    @action(detail=True, methods=["get"])
    def download(self, request: Request, pk: int) -> HttpResponseBase:
        return stored_files.download(request, self._find(pk))

    def _find(self, pk: int) -> dict[str, Any]:
        row = queries.attachment_values(self.get_queryset()).filter(pk=pk).first()
        if row is None:
            raise NotFound("")
        return row
