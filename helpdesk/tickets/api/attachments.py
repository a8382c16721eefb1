"""`/api/attachments/`, and where files come in: `/api/tickets/{id}/attachments/`."""

from typing import Any, ClassVar

from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from helpdesk.accounts.api.caller import caller
from helpdesk.accounts.roles import Permission
from helpdesk.api import problems, stored_files
from helpdesk.api.schema import refusals
from helpdesk.api.uploads import FormParser
from helpdesk.api.views import ApiViewSet
from helpdesk.core.errors import FieldError, Forbidden, Invalid
from helpdesk.core.integers import LARGEST_INTEGER
from helpdesk.files import receiving
from helpdesk.files.errors import FIELD, BadFile
from helpdesk.files.receiving import Incoming
from helpdesk.tickets import queries
from helpdesk.tickets.api import examples
from helpdesk.tickets.api.addresses import link_to
from helpdesk.tickets.api.inputs import AttachInput
from helpdesk.tickets.api.outputs import AttachmentOutput
from helpdesk.tickets.models import Attachment, AttachmentQuerySet, Ticket
from helpdesk.tickets.operations import attachments as operations
from helpdesk.tickets.operations.tickets import TicketNotFound

_REFUSED = refusals(
    examples.NO_FILE,
    examples.FILE_TOO_LARGE,
    examples.TYPE_NOT_ALLOWED,
    examples.TICKET_CLOSED,
    examples.TOO_MANY_FILES,
)


@extend_schema_view(
    retrieve=extend_schema(
        summary="Read about a file",
        description="One on a ticket or comment that the caller sees.",
        responses=AttachmentOutput,
    ),
    destroy=extend_schema(
        summary="Delete a file",
        description="Whoever uploaded it, or an admin. Its bytes go within a day.",
        responses={204: None},
    ),
    download=extend_schema(
        summary="Download a file",
        operation_id="attachments_download",
        **stored_files.DESCRIBED,
    ),
)
class AttachmentViewSet(ApiViewSet):
    permissions: ClassVar[dict[str, str | None]] = {
        "retrieve": None,
        "destroy": Permission.COMMENT,
        "download": None,
    }
    queryset = Attachment.objects.none()
    serializer_class = AttachmentOutput

    def get_queryset(self) -> AttachmentQuerySet:
        return Attachment.objects.visible_to(caller(self.request))

    def retrieve(self, request: Request, pk: int) -> Response:
        return Response(queries.attachment_body(self._find(pk), link=link_to(request)))

    def destroy(self, request: Request, pk: int) -> Response:
        own = self._find(pk)["uploaded_by__id"] == caller(request).pk
        if not own and not caller(request).may(Permission.DELETE_ANY_COMMENT):
            raise Forbidden(problems.forbidden().detail)
        operations.delete_attachment(by=caller(request), attachment_id=pk, now=timezone.now())
        return Response(status=204)

    @action(detail=True, methods=["get"])
    def download(self, request: Request, pk: int) -> HttpResponseBase:
        return stored_files.download(request, self._find(pk))

    def _find(self, pk: int) -> dict[str, Any]:
        """404 if there is no such file to see, then 403 if the role may not."""
        row = queries.attachment_values(self.get_queryset()).filter(pk=pk).first()
        if row is None:
            raise operations.AttachmentNotFound
        self.check_object_permissions(self.request, row)
        return row


@extend_schema_view(
    create=extend_schema(
        summary="Attach a file",
        description=(
            "To a ticket, or to a comment of one's own. What kind it is, its content says; a picture is written anew, "
            "without what stood in it besides. Who sees the ticket, or the comment, sees the file."
        ),
        operation_id="tickets_attachments_create",
        request={"multipart/form-data": AttachInput},
        responses={201: AttachmentOutput} | _REFUSED,
    ),
)
class TicketAttachmentViewSet(ApiViewSet):
    permissions: ClassVar[dict[str, str | None]] = {"create": Permission.COMMENT}
    queryset = Attachment.objects.none()
    serializer_class = AttachmentOutput
    parser_classes = [FormParser]

    def create(self, request: Request, ticket_id: int) -> Response:
        user = caller(request)
        if not Ticket.objects.visible_to(user).filter(pk=ticket_id).exists():
            raise TicketNotFound
        incoming = request.FILES.get(FIELD)
        if not isinstance(incoming, Incoming):
            raise BadFile("required", _("There is no file in the part “file”."))
        try:
            comment_id = _comment_id(request.POST.get("comment"))
            with receiving.check(incoming) as file:
                made = operations.attach(
                    by=user, ticket_id=ticket_id, comment_id=comment_id, file=file, now=timezone.now()
                )
        finally:
            incoming.close()
        row = queries.attachment_values(Attachment.objects.visible_to(user)).get(pk=made.pk)
        return Response(queries.attachment_body(row, link=link_to(request)), status=201)


def _comment_id(text: str | None) -> int | None:
    """Of a form, where all is text; nothing in it is nothing."""
    if not text:
        return None
    if text.isascii() and text.isdecimal() and 0 < (number := int(text[:20])) <= LARGEST_INTEGER:
        return number
    message = _("A valid integer is required.")
    raise Invalid(message, errors=[FieldError("comment", "invalid", message)])
