"""`/api/tickets/{id}/draft/`: what the caller has begun to write there."""

from typing import Any, ClassVar

from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from helpdesk.accounts.api.caller import caller
from helpdesk.accounts.roles import Permission
from helpdesk.api.views import ApiView
from helpdesk.tickets.api.inputs import SaveDraftInput, validated
from helpdesk.tickets.api.outputs import DraftOutput
from helpdesk.tickets.models import Draft, Ticket
from helpdesk.tickets.operations import drafts as operations
from helpdesk.tickets.operations.tickets import TicketNotFound


@extend_schema_view(
    get=extend_schema(
        summary="Read one's draft",
        description="Of a comment on this ticket; nobody else sees it. 404 if there is none.",
        operation_id="tickets_draft_retrieve",
        responses=DraftOutput,
    ),
    put=extend_schema(
        summary="Keep a draft",
        description="One a person and ticket. It stays, whatever happens to the ticket, until it is discarded.",
        operation_id="tickets_draft_update",
        request=SaveDraftInput,
        responses=DraftOutput,
    ),
    delete=extend_schema(
        summary="Discard one's draft",
        description="If there is none, nothing happens.",
        operation_id="tickets_draft_destroy",
        responses={204: None},
    ),
)
class DraftView(ApiView):
    detail = True
    permissions: ClassVar[dict[str, str | None]] = dict.fromkeys(("get", "put", "delete"), Permission.COMMENT)

    def get(self, request: Request, ticket_id: int) -> Response:
        self._find_ticket(ticket_id)
        return Response(self._body(operations.draft_of(by=caller(request), ticket_id=ticket_id)))

    def put(self, request: Request, ticket_id: int) -> Response:
        self._find_ticket(ticket_id)
        values = validated(SaveDraftInput, request)
        draft = operations.save_draft(by=caller(request), ticket_id=ticket_id, now=timezone.now(), **values)
        return Response(self._body(draft))

    def delete(self, request: Request, ticket_id: int) -> Response:
        self._find_ticket(ticket_id)
        operations.discard_draft(by=caller(request), ticket_id=ticket_id)
        return Response(status=204)

    def _find_ticket(self, ticket_id: int) -> None:
        if not Ticket.objects.visible_to(caller(self.request)).filter(pk=ticket_id).exists():
            raise TicketNotFound
        self.check_object_permissions(self.request, ticket_id)

    def _body(self, draft: Draft) -> dict[str, Any]:
        body = {"ticket": draft.ticket_id, "content": draft.content, "updated_at": draft.updated_at}
        return body | ({"is_internal": draft.is_internal} if caller(self.request).may(Permission.SEE_NOTES) else {})
