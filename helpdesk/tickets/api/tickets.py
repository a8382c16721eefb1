"""`/api/tickets/`: translate in, call one operation, translate out."""

from datetime import datetime
from typing import Any, ClassVar

from django.utils import timezone
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import OpenApiRequest, extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from helpdesk.accounts.api.caller import caller
from helpdesk.accounts.roles import Permission
from helpdesk.api import preconditions, problems
from helpdesk.api.cached import cached
from helpdesk.api.pagination import CursorPages, Pages
from helpdesk.api.schema import refusals
from helpdesk.api.views import ApiViewSet
from helpdesk.core.errors import Forbidden
from helpdesk.tickets import queries
from helpdesk.tickets.api import examples
from helpdesk.tickets.api.addresses import link_to
from helpdesk.tickets.api.filters import DEFAULT_ORDERING, TicketFilters, order
from helpdesk.tickets.api.history import AT, moment
from helpdesk.tickets.api.inputs import ClaimInput, EditTicketInput, OpenTicketInput, validated
from helpdesk.tickets.api.outputs import FoundTicketOutput, TicketDetailOutput, TicketOutput, TimelineEntryOutput
from helpdesk.tickets.enums import Tallied
from helpdesk.tickets.highlights import highlights
from helpdesk.tickets.models import Living, Ticket, TicketQuerySet
from helpdesk.tickets.operations import tickets as operations
from helpdesk.tickets.past import detail_then

_DETAIL = {200: TicketDetailOutput}


@extend_schema_view(
    list=extend_schema(
        summary="List tickets",
        description="Customers see their own, agents all.",
        responses=FoundTicketOutput(many=True),
    ),
    create=extend_schema(
        summary="Open a ticket",
        description="For oneself; agents also on behalf of somebody, and assigned. It may take up a closed one again.",
        request=OpenTicketInput,
        responses={
            201: TicketDetailOutput,
            **refusals(examples.BAD_PRIORITY, examples.NOT_AN_AGENT, examples.NOT_CLOSED, examples.UNKNOWN_TAG),
        },
    ),
    retrieve=extend_schema(
        summary="Read a ticket",
        description="With its latest 100 comments, and what the caller may do. With `at`: as it was then.",
        parameters=[AT],
        responses=TicketDetailOutput,
    ),
    update=extend_schema(
        summary="Write a ticket's fields",
        description="The first four are required. Agents only.",
        request=EditTicketInput,
        responses=_DETAIL | refusals(examples.NOT_AN_AGENT, examples.MOVE_NOT_ALLOWED),
    ),
    partial_update=extend_schema(
        summary="Change a ticket",
        description="What is not named stays as it is. A `closed` ticket only becomes `open`. Agents only.",
        request=OpenApiRequest(EditTicketInput(partial=True), examples=examples.CHANGES),
        responses=_DETAIL | refusals(examples.NOT_AN_AGENT, examples.MOVE_NOT_ALLOWED),
    ),
    destroy=extend_schema(
        summary="Delete a ticket",
        description="It and its comments are hidden; an admin can restore them. Agents only.",
        responses={204: None},
    ),
    close=extend_schema(
        summary="Close a ticket",
        description="By whoever opened it, or an agent. Closing a closed one changes nothing.",
        operation_id="tickets_close",
        request=None,
        responses=TicketDetailOutput,
    ),
    reopen=extend_schema(
        summary="Reopen a ticket",
        description="A `resolved` or `closed` one, by an agent, or by whoever opened it. Customers have 14 days after"
        " it was closed (`TICKET_REOPEN_DAYS`).",
        operation_id="tickets_reopen",
        request=None,
        responses=_DETAIL | refusals(examples.NOT_TO_REOPEN, examples.REOPEN_WINDOW_OVER),
    ),
    claim=extend_schema(
        summary="Take an unassigned ticket",
        description="Of many who try at once, one gets it. With `steal` it is taken from whoever has it. Agents only.",
        operation_id="tickets_claim",
        request=ClaimInput,
        responses=_DETAIL | refusals(examples.ALREADY_ASSIGNED),
    ),
    restore=extend_schema(
        summary="Restore a deleted ticket",
        description="With its comments. Admins only.",
        operation_id="tickets_restore",
        request=None,
        responses=TicketDetailOutput,
    ),
    timeline=extend_schema(
        summary="Read what happened to a ticket",
        description="Newest first, what the caller may see of it.",
        operation_id="tickets_timeline",
        responses=TimelineEntryOutput(many=True),
        filters=False,
    ),
)
class TicketViewSet(ApiViewSet):
    permissions: ClassVar[dict[str, str | None]] = {
        "list": None,
        "create": Permission.OPEN_TICKET,
        "retrieve": None,
        "update": Permission.EDIT_TICKET,
        "partial_update": Permission.EDIT_TICKET,
        "destroy": Permission.DELETE_TICKET,
        "close": Permission.CLOSE_OR_REOPEN_TICKET,
        "reopen": Permission.CLOSE_OR_REOPEN_TICKET,
        "claim": Permission.CLAIM_TICKET,
        "restore": Permission.RESTORE_TICKET,
        "timeline": None,
    }
    queryset = Ticket.objects.none()
    serializer_class = TicketOutput
    filter_backends = [DjangoFilterBackend]
    filterset_class = TicketFilters
    pagination_class = Pages
    versioned = frozenset(permissions) - {"list", "timeline"}

    def get_queryset(self) -> TicketQuerySet:
        user = caller(self.request)
        if self.action == "restore" and user.may(Permission.RESTORE_TICKET):
            return Ticket.objects.in_scope_of(user)
        return Ticket.objects.visible_to(user)

    def page_rows(self, rows: Any) -> Any:
        if self.action != "list":
            return rows
        also = ("description",) if self._searched else ()
        return queries.ticket_values(rows, user=caller(self.request), also=also)

    def all_rows(self) -> Living | None:
        return queries.living(Tallied.TICKETS, user=caller(self.request))

    @cached
    def list(self, request: Request) -> Response:
        user = caller(request)
        tickets = order(self._rows(), DEFAULT_ORDERING, user=user)
        rows = self.page_of(self.filter_queryset(tickets))
        bodies = [queries.ticket_body(row, user=user) for row in rows]
        if self._searched:
            found = highlights(rows, text=self._searched, user=user)
            bodies = [body | {"highlight": found[body["id"]]} for body in bodies]
        return self.get_paginated_response(bodies)

    def create(self, request: Request) -> Response:
        ticket = operations.open_ticket(by=caller(request), now=timezone.now(), **validated(OpenTicketInput, request))
        return Response(self._detail(ticket.pk), status=201)

    def retrieve(self, request: Request, pk: int) -> Response:
        at = moment(request)
        body = self._detail(pk) if at is None else self._detail_then(pk, at)
        self.check_object_permissions(request, body)
        return Response(body)

    def update(self, request: Request, pk: int, *, partial: bool = False) -> Response:
        version = self._expected(pk)
        changes = validated(EditTicketInput, request, partial=partial)
        user = caller(request)
        operations.update_ticket(by=user, ticket_id=pk, changes=changes, now=timezone.now(), if_version=version)
        return Response(self._detail(pk))

    def partial_update(self, request: Request, pk: int) -> Response:
        return self.update(request, pk, partial=True)

    def destroy(self, request: Request, pk: int) -> Response:
        version = self._expected(pk)
        operations.delete_ticket(by=caller(request), ticket_id=pk, now=timezone.now(), if_version=version)
        return Response(status=204)

    @action(detail=True, methods=["post"])
    def close(self, _request: Request, pk: int) -> Response:
        return self._act(operations.close_ticket, pk)

    @action(detail=True, methods=["post"])
    def reopen(self, _request: Request, pk: int) -> Response:
        return self._act(operations.reopen_ticket, pk)

    @action(detail=True, methods=["post"])
    def claim(self, request: Request, pk: int) -> Response:
        return self._act(lambda **about: operations.claim_ticket(**validated(ClaimInput, request), **about), pk)

    @action(detail=True, methods=["post"])
    def restore(self, _request: Request, pk: int) -> Response:
        return self._act(operations.restore_ticket, pk)

    @action(detail=True, methods=["get"], pagination_class=CursorPages)
    def timeline(self, request: Request, pk: int) -> Response:
        self._find(pk)
        records = self.page_of(queries.timeline(ticket_id=pk, user=caller(request)))
        return self.get_paginated_response(queries.timeline_bodies(records))

    @property
    def _searched(self) -> str:
        """The search whose words are to be shown, if they are."""
        asked = self.request.query_params
        return str(asked.get("search", "")).strip() if asked.get("highlight") == "true" else ""

    def _act(self, operation: Any, pk: int) -> Response:
        version = self._expected(pk)
        operation(by=caller(self.request), ticket_id=pk, now=timezone.now(), if_version=version)
        return Response(self._detail(pk))

    def _rows(self) -> TicketQuerySet:
        """The living tickets, or the deleted ones for those who may bring them back."""
        if self.request.query_params.get("deleted") != "true":
            return self.get_queryset()
        if not caller(self.request).may(Permission.RESTORE_TICKET):
            raise Forbidden(problems.forbidden().detail)
        return Ticket.objects.in_scope_of(caller(self.request)).filter(deleted_at__isnull=False)

    def _find(self, pk: int) -> int:
        """404 if there is no such ticket to see, then 403 if the role may not; its version."""
        column = queries.sight_of(caller(self.request)).version
        version: int | None = self.get_queryset().filter(pk=pk).values_list(column, flat=True).first()
        if version is None:
            raise operations.TicketNotFound
        self.check_object_permissions(self.request, pk)
        return version

    def _expected(self, pk: int) -> int | None:
        """Of a ticket that is there and may be written: the version that `If-Match` names."""
        return preconditions.expected_version(self.request, current=self._find(pk))

    def _detail_then(self, pk: int, at: datetime) -> dict[str, Any]:
        user = caller(self.request)
        body = detail_then(Ticket.objects.visible_to(user), ticket_id=pk, at=at, user=user, link=link_to(self.request))
        if body is None:
            raise operations.TicketNotFound
        return body

    def _detail(self, pk: int) -> dict[str, Any]:
        user = caller(self.request)
        tickets = Ticket.objects.visible_to(user)
        if self.action != "retrieve":
            # Who has just moved it out of the own sight, or opened it for somebody else, is told what became of it.
            tickets = Ticket.objects.filter(deleted_at=None)
        detail = queries.ticket_detail(tickets, ticket_id=pk, user=user, now=timezone.now(), link=link_to(self.request))
        if detail is None:
            raise operations.TicketNotFound
        body, oldest_shown = detail
        prefix = self.request.path.partition("/tickets/")[0]
        path = f"{prefix}/tickets/{pk}/comments/?before={oldest_shown}"
        body["comments_previous"] = self.request.build_absolute_uri(path) if oldest_shown else None
        return body
