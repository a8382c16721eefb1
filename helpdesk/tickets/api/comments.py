"""`/api/comments/`, and the same with the ticket fixed: `/api/tickets/{id}/comments/`."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils import timezone
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from helpdesk.accounts.api.caller import caller
from helpdesk.accounts.roles import Permission
from helpdesk.api import preconditions, problems
from helpdesk.api.cached import cached
from helpdesk.api.pagination import Pages
from helpdesk.api.schema import refusals
from helpdesk.api.views import ApiViewSet
from helpdesk.core.errors import Forbidden
from helpdesk.tickets import queries
from helpdesk.tickets.api import examples
from helpdesk.tickets.api.addresses import link_to
from helpdesk.tickets.api.filters import CommentFilters
from helpdesk.tickets.api.inputs import AddCommentInput, AddCommentToInput, EditCommentInput, validated
from helpdesk.tickets.api.outputs import CommentOutput
from helpdesk.tickets.enums import Tallied
from helpdesk.tickets.models import Comment, CommentQuerySet, Living, Ticket
from helpdesk.tickets.operations import comments as operations
from helpdesk.tickets.operations.collisions import NewerComments
from helpdesk.tickets.operations.tickets import TicketNotFound

# In the class, `list` is an action.
Bodies = list[dict[str, Any]]

_RETRIEVE = extend_schema(
    summary="Read a comment",
    description="One on a ticket that the caller sees; internal notes are there for agents only.",
    responses=CommentOutput,
)
_EDIT = extend_schema(
    summary="Edit a comment",
    description="Its author only.",
    request=EditCommentInput,
    responses=CommentOutput,
)
_DELETE = extend_schema(
    summary="Delete a comment",
    description="Its author, or an admin.",
    responses={204: None},
)
_ADDED = {201: CommentOutput} | refusals(examples.TICKET_CLOSED, examples.NEWER_COMMENTS)


@extend_schema_view(
    list=extend_schema(
        summary="List comments",
        description="Oldest first: those of one `ticket`, or all that the caller may see.",
        responses=CommentOutput(many=True),
    ),
    create=extend_schema(
        summary="Comment on a ticket",
        description="A customer's comment on a `pending` or `resolved` ticket moves it to `open`.",
        request=AddCommentToInput,
        responses=_ADDED,
    ),
    retrieve=_RETRIEVE,
    partial_update=_EDIT,
    destroy=_DELETE,
)
class CommentViewSet(ApiViewSet):
    permissions: ClassVar[dict[str, str | None]] = {
        "list": None,
        "create": Permission.COMMENT,
        "retrieve": None,
        "partial_update": Permission.COMMENT,
        "destroy": Permission.COMMENT,
    }
    queryset = Comment.objects.none()
    serializer_class = CommentOutput
    filter_backends = [DjangoFilterBackend]
    filterset_class = CommentFilters
    pagination_class = Pages
    versioned = frozenset(permissions) - {"list"}

    def get_queryset(self) -> CommentQuerySet:
        return Comment.objects.visible_to(caller(self.request)).order_by("created_at", "id")

    def page_rows(self, comments: CommentQuerySet) -> QuerySet[Any, dict[str, Any]]:
        return queries.comment_values(comments)

    def all_rows(self) -> Living | None:
        return queries.living(Tallied.COMMENTS, user=caller(self.request))

    @cached
    def list(self, _request: Request, **_path: int) -> Response:
        rows = self.page_of(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self._bodies(rows))

    def create(self, request: Request, **_path: int) -> Response:
        body: Any = request.data
        ticket_id = body.get("ticket")
        # 404 comes before everything that the body may have wrong; what is no id is the input's business.
        if isinstance(ticket_id, int) and not isinstance(ticket_id, bool) and ticket_id > 0:
            self._find_ticket(ticket_id)
        values = validated(AddCommentToInput, request)
        return self._added(ticket_id=values.pop("ticket"), **values)

    def retrieve(self, _request: Request, pk: int, **_path: int) -> Response:
        return Response(self._bodies([self._find(pk)])[0])

    def partial_update(self, request: Request, pk: int, **_path: int) -> Response:
        row = self._find(pk)
        if row["author__id"] != caller(request).pk:
            raise Forbidden(problems.forbidden().detail)
        values = validated(EditCommentInput, request) | self._expected(row)
        operations.edit_comment(by=caller(request), comment_id=pk, now=timezone.now(), **values)
        return self.retrieve(request, pk)

    def destroy(self, request: Request, pk: int, **_path: int) -> Response:
        row = self._find(pk)
        own = row["author__id"] == caller(request).pk
        if not own and not caller(request).may(Permission.DELETE_ANY_COMMENT):
            raise Forbidden(problems.forbidden().detail)
        operations.delete_comment(by=caller(request), comment_id=pk, now=timezone.now(), **self._expected(row))
        return Response(status=204)

    def _added(self, **values: Any) -> Response:
        try:
            comment = operations.add_comment(by=caller(self.request), now=timezone.now(), **values)
        except NewerComments as error:
            error.extra["comments"] = self._bodies(error.rows)
            raise
        return Response(self._bodies([self._find(comment.pk)])[0], status=201)

    def _bodies(self, rows: Sequence[dict[str, Any]]) -> Bodies:
        queries.add_attachments(rows, link=link_to(self.request))
        return [queries.comment_body(row, user=caller(self.request)) for row in rows]

    def _find(self, pk: int) -> dict[str, Any]:
        """404 if there is no such comment to see, then 403 if the role may not."""
        row = queries.comment_values(self.get_queryset()).filter(pk=pk).first()
        if row is None:
            raise operations.CommentNotFound
        self.check_object_permissions(self.request, row)
        return row

    def _expected(self, row: dict[str, Any]) -> dict[str, int | None]:
        """For an operation: the version that `If-Match` names."""
        return {"if_version": preconditions.expected_version(self.request, current=row["version"])}

    def _find_ticket(self, ticket_id: int) -> None:
        if not Ticket.objects.visible_to(caller(self.request)).filter(pk=ticket_id).exists():
            raise TicketNotFound


@extend_schema_view(
    list=extend_schema(
        summary="List a ticket's comments", description="Oldest first.", responses=CommentOutput(many=True)
    ),
    create=extend_schema(
        summary="Comment on a ticket",
        description="A customer's comment on a `pending` or `resolved` ticket moves it to `open`.",
        request=AddCommentInput,
        responses=_ADDED,
    ),
    retrieve=_RETRIEVE,
    partial_update=_EDIT,
    destroy=_DELETE,
)
class TicketCommentViewSet(CommentViewSet):
    """The path names the ticket, which must be visible whatever is asked."""

    def get_queryset(self) -> CommentQuerySet:
        return super().get_queryset().filter(ticket_id=self.kwargs["ticket_id"])

    def all_rows(self) -> None:
        """Those of one ticket are few."""

    def list(self, request: Request, **path: int) -> HttpResponse:
        self._find_ticket(path["ticket_id"])
        return super().list(request)

    def create(self, request: Request, **path: int) -> Response:
        self._find_ticket(path["ticket_id"])
        return self._added(**path, **validated(AddCommentInput, request))
