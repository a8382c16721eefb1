"""Who works on a ticket, why, and how much an agent takes."""

from typing import Any, ClassVar

from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from helpdesk.accounts.api.bodies import valid
from helpdesk.accounts.api.caller import caller
from helpdesk.accounts.roles import Permission
from helpdesk.api import problems
from helpdesk.api.schema import refusals
from helpdesk.api.views import ApiViewSet
from helpdesk.core.errors import Forbidden
from helpdesk.tickets.api import examples
from helpdesk.tickets.api.inputs import AssignInput, WorkloadInput, validated
from helpdesk.tickets.api.outputs import ExplanationOutput, TicketDetailOutput, WorkloadOutput
from helpdesk.tickets.api.tickets import TicketViewSet
from helpdesk.tickets.explaining import explanation
from helpdesk.tickets.operations import assignment as operations
from helpdesk.tickets.operations.workloads import NoWorkload, update_workload
from helpdesk.tickets.workloads import workload_of


class AssignmentViewSet(TicketViewSet):
    """Further actions on a ticket that is found, and answered, like there."""

    permissions: ClassVar[dict[str, str | None]] = {
        "assign": Permission.EDIT_TICKET,
        "unassign": Permission.EDIT_TICKET,
        "explain": Permission.EXPLAIN_ASSIGNMENT,
    }
    versioned = frozenset(permissions) - {"explain"}

    @extend_schema(
        summary="Assign a ticket",
        description="To an agent, whoever has it and however much they have. Agents only.",
        operation_id="tickets_assign",
        request=AssignInput,
        responses={200: TicketDetailOutput} | refusals(examples.NOT_AN_AGENT_TO_ASSIGN),
    )
    def assign(self, request: Request, pk: int) -> Response:
        def assign(**about: Any) -> Any:
            values = validated(AssignInput, request)
            return operations.assign_ticket(user_id=values["user"], **about)

        return self._act(assign, pk)

    @extend_schema(
        summary="Take a ticket back",
        description="Its team's queue gives it to somebody else, if it does so by itself. Agents only.",
        operation_id="tickets_unassign",
        request=None,
        responses={200: TicketDetailOutput},
    )
    def unassign(self, _request: Request, pk: int) -> Response:
        return self._act(operations.unassign_ticket, pk)

    @extend_schema(
        summary="Explain who has a ticket",
        description="What its team's queue decided: who could have got it, who did, and why. Agents only.",
        operation_id="tickets_assignment_explain",
        responses=ExplanationOutput,
    )
    def explain(self, _request: Request, pk: int) -> Response:
        self._find(pk)
        return Response(explanation(pk))


@extend_schema_view(
    retrieve=extend_schema(
        summary="Read an agent's workload",
        description="Closed to customers, who have none.",
        operation_id="users_workload_retrieve",
        responses=WorkloadOutput,
    ),
    partial_update=extend_schema(
        summary="Change an agent's workload",
        description="Agents say whether they are available themselves; all else is for admins.",
        operation_id="users_workload_partial_update",
        request=WorkloadInput(partial=True),
        responses=WorkloadOutput,
    ),
)
class WorkloadViewSet(ApiViewSet):
    route_permission = Permission.SEE_USERS
    permissions: ClassVar[dict[str, str | None]] = {
        "retrieve": Permission.SEE_USERS,
        "partial_update": Permission.BE_ASSIGNED,
    }
    serializer_class = WorkloadOutput

    def retrieve(self, _request: Request, pk: int) -> Response:
        return Response(self._find(pk))

    def partial_update(self, request: Request, pk: int) -> Response:
        self._find(pk)
        self._check_allowed(request, pk)
        changes = valid(WorkloadInput, request, partial=True)
        update_workload(by=caller(request), user_id=pk, changes=changes, now=timezone.now())
        return Response(self._find(pk))

    def _find(self, pk: int) -> dict[str, Any]:
        """404 if there is no such agent, then 403 if the role may not."""
        found = workload_of(pk)
        if found is None:
            raise NoWorkload
        self.check_object_permissions(self.request, found)
        return found

    @staticmethod
    def _check_allowed(request: Request, pk: int) -> None:
        """Whose it is, before what is in the body."""
        user = caller(request)
        if not user.may(Permission.MANAGE_WORKLOADS) and (pk != user.pk or "capacity" in request.data):
            raise Forbidden(problems.forbidden().detail)
