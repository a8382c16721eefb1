"""`/api/tickets/{id}/links/`: which tickets belong to this one."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from helpdesk.accounts.api.caller import caller
from helpdesk.accounts.roles import Permission
from helpdesk.api.pagination import Pages
from helpdesk.api.schema import refusals
from helpdesk.api.views import ApiViewSet
from helpdesk.tickets import queries
from helpdesk.tickets.api import examples
from helpdesk.tickets.api.inputs import TicketLinkInput, validated
from helpdesk.tickets.api.outputs import TicketLinkOutput
from helpdesk.tickets.models import Ticket, TicketLink
from helpdesk.tickets.operations import links as operations
from helpdesk.tickets.operations.tickets import TicketNotFound


@extend_schema_view(
    list=extend_schema(
        summary="List a ticket's links",
        description="Those to tickets that the caller sees too, oldest first.",
        operation_id="tickets_links_list",
        responses=TicketLinkOutput(many=True),
    ),
    create=extend_schema(
        summary="Link two tickets",
        description="`kind` as the ticket in the address sees it; the other one sees its counterpart. Where there is "
        "such a link already, the answer is that one, with 200. Agents only.",
        operation_id="tickets_links_create",
        request=TicketLinkInput,
        responses={200: TicketLinkOutput, 201: TicketLinkOutput} | refusals(examples.LINK_CYCLE),
    ),
    destroy=extend_schema(
        summary="Take a link back",
        description="From either of its two tickets. Agents only.",
        operation_id="tickets_links_destroy",
        responses={204: None},
    ),
)
class LinkViewSet(ApiViewSet):
    permissions: ClassVar[dict[str, str | None]] = {
        "list": None,
        "create": Permission.LINK_TICKETS,
        "destroy": Permission.LINK_TICKETS,
    }
    queryset = TicketLink.objects.none()
    serializer_class = TicketLinkOutput
    pagination_class = Pages

    def get_queryset(self) -> QuerySet[TicketLink]:
        return queries.links_of(self.kwargs["ticket_id"], user=caller(self.request))

    def page_rows(self, links: QuerySet[TicketLink]) -> QuerySet[Any, dict[str, Any]]:
        return queries.link_values(links)

    def list(self, request: Request, ticket_id: int) -> Response:
        self._find_ticket(request, ticket_id)
        rows = self.page_of(self.get_queryset())
        return self.get_paginated_response([queries.link_body(row, ticket_id=ticket_id) for row in rows])

    def create(self, request: Request, ticket_id: int) -> Response:
        self._find_ticket(request, ticket_id)
        values = validated(TicketLinkInput, request)
        link, is_new = operations.link_tickets(
            by=caller(request),
            ticket_id=ticket_id,
            kind=values["kind"],
            other_id=values["ticket"],
            now=timezone.now(),
        )
        row = queries.link_values(self.get_queryset()).get(pk=link.pk)
        return Response(queries.link_body(row, ticket_id=ticket_id), status=201 if is_new else 200)

    def destroy(self, request: Request, ticket_id: int, pk: int) -> Response:
        self._find_ticket(request, ticket_id)
        if not self.get_queryset().filter(pk=pk).exists():
            raise operations.LinkNotFound
        operations.unlink_tickets(by=caller(request), link_id=pk, now=timezone.now())
        return Response(status=204)

    def _find_ticket(self, request: Request, ticket_id: int) -> None:
        """404 if there is no such ticket to see, then 403 if the role may not."""
        if not Ticket.objects.visible_to(caller(request)).filter(pk=ticket_id).exists():
            raise TicketNotFound
        self.check_object_permissions(request, ticket_id)
