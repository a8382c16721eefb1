"""Two tickets become one, or one becomes two: `…/merge/`, `…/unmerge/`, `…/comments/{id}/split/`."""

from functools import partial
from typing import ClassVar

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from helpdesk.accounts.api.caller import caller
from helpdesk.accounts.roles import Permission
from helpdesk.api import preconditions
from helpdesk.api.schema import refusals
from helpdesk.tickets.api import examples
from helpdesk.tickets.api.inputs import MergeInput, SplitInput, validated
from helpdesk.tickets.api.outputs import TicketDetailOutput
from helpdesk.tickets.api.tickets import TicketViewSet
from helpdesk.tickets.models import Comment
from helpdesk.tickets.operations import merges, splits
from helpdesk.tickets.operations.comments import CommentNotFound

_DETAIL = {200: TicketDetailOutput}


class MergeViewSet(TicketViewSet):
    permissions: ClassVar[dict[str, str | None]] = {
        "merge": Permission.MERGE_TICKETS,
        "unmerge": Permission.MERGE_TICKETS,
    }
    versioned = frozenset(permissions)

    @extend_schema(
        summary="Merge a ticket into another one",
        description="Both must be of the same requester. This one is closed, its comments and files go to the other, "
        "and it says so in `merged_into`. Agents only.",
        operation_id="tickets_merge",
        request=MergeInput,
        responses=_DETAIL | refusals(examples.UNKNOWN_TICKET, examples.TICKET_MERGED, examples.OTHER_REQUESTER),
    )
    def merge(self, request: Request, pk: int) -> Response:
        self._find(pk)
        return self._act(partial(merges.merge_ticket, **validated(MergeInput, request)), pk)

    @extend_schema(
        summary="Undo a merge",
        description="Gives this ticket back its comments, its files and its status. What was written on the other one "
        "since stays there. For 30 days (`TICKET_UNMERGE_DAYS`). Agents only.",
        operation_id="tickets_unmerge",
        request=None,
        responses=_DETAIL | refusals(examples.NOT_MERGED, examples.UNMERGE_WINDOW_OVER, examples.TICKET_MERGED),
    )
    def unmerge(self, _request: Request, pk: int) -> Response:
        return self._act(merges.unmerge_ticket, pk)


class SplitViewSet(TicketViewSet):
    permissions: ClassVar[dict[str, str | None]] = {"split": Permission.MERGE_TICKETS}
    versioned = frozenset(permissions)

    @extend_schema(
        summary="Split a comment off into a new ticket",
        description="The new ticket has its text and the same requester, and the comment moves there with its files. "
        "From an internal note it is the caller's own, which the customer does not see. Agents only.",
        operation_id="tickets_comments_split",
        request=SplitInput,
        responses={201: TicketDetailOutput},
    )
    def split(self, request: Request, ticket_id: int, pk: int) -> Response:
        comments = Comment.objects.visible_to(caller(request)).filter(ticket_id=ticket_id)
        version = comments.filter(pk=pk).values_list("version", flat=True).first()
        if version is None:
            raise CommentNotFound
        self.check_object_permissions(request, pk)
        # The comment's: whoever has read it is not to split off what somebody has made of it since.
        if_version = preconditions.expected_version(request, current=version)
        ticket = splits.split_comment(
            by=caller(request),
            ticket_id=ticket_id,
            comment_id=pk,
            now=timezone.now(),
            if_version=if_version,
            **validated(SplitInput, request),
        )
        return Response(self._detail(ticket.pk), status=201)
