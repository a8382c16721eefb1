"""`/api/auth/sessions/` and what ends them: where one is signed in, and how to be so no longer."""

from typing import Any, ClassVar
from uuid import UUID

from django.db.models import BooleanField, ExpressionWrapper, F, Q, QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from helpdesk.accounts.api import examples
from helpdesk.accounts.api.caller import caller, claims
from helpdesk.accounts.api.inputs import RefreshInput
from helpdesk.accounts.api.outputs import SessionOutput, SocketTicketOutput
from helpdesk.accounts.models import Session
from helpdesk.accounts.operations import endings, sessions, socket_tickets
from helpdesk.accounts.queries import live_sessions
from helpdesk.api.pagination import Pages
from helpdesk.api.schema import refusals
from helpdesk.api.views import ApiView, ApiViewSet


@extend_schema_view(
    list=extend_schema(
        summary="List one's own sessions",
        description="Every device that is signed in, the newest first.",
        responses=SessionOutput(many=True),
    ),
    destroy=extend_schema(
        summary="End one of one's own sessions",
        description="Its tokens are refused from the next request on, and its sockets close.",
        responses={204: None},
    ),
)
class SessionViewSet(ApiViewSet):
    permissions: ClassVar[dict[str, str | None]] = {"list": None, "destroy": None}
    lookup_value_converter = "key"
    queryset = Session.objects.none()
    serializer_class = SessionOutput
    pagination_class = Pages

    def get_queryset(self) -> QuerySet[Session]:
        return live_sessions(caller(self.request), now=timezone.now()).order_by("-created_at", "-id")

    def page_rows(self, queryset: QuerySet[Session]) -> QuerySet[Session, Any]:
        here = ExpressionWrapper(Q(pk=claims(self.request).session_id), output_field=BooleanField())
        return queryset.values(
            "id", "address", "method", "created_at", "last_seen_at", device=F("user_agent"), current=here
        )

    def list(self, _request: Request) -> Response:
        return self.get_paginated_response(self.page_of(self.get_queryset()))

    def destroy(self, request: Request, pk: UUID) -> Response:
        endings.end_own_session(by=caller(request), session_id=pk, now=timezone.now())
        return Response(status=204)


class LogoutView(ApiView):
    public = True

    @extend_schema(
        summary="Sign out",
        description="Ends the session of the refresh token, which is all that is needed. To ask twice does no harm.",
        request=RefreshInput,
        responses={204: None} | refusals(examples.TOKEN_NOT_VALID),
        operation_id="auth_logout",
    )
    def post(self, request: Request) -> Response:
        data = RefreshInput(data=request.data)
        data.is_valid(raise_exception=True)
        sessions.sign_out(refresh_token=data.validated_data["refresh"], now=timezone.now())
        return Response(status=204)


class LogoutAllView(ApiView):
    permissions: ClassVar[dict[str, str | None]] = {"post": None}

    @extend_schema(
        summary="Sign out everywhere",
        description="Ends every session of the caller, this one too.",
        request=None,
        responses={204: None},
        operation_id="auth_logout_all",
    )
    def post(self, request: Request) -> Response:
        endings.sign_out_everywhere(by=caller(request), now=timezone.now())
        return Response(status=204)


class SocketTicketView(ApiView):
    permissions: ClassVar[dict[str, str | None]] = {"post": None}

    @extend_schema(
        summary="Get a ticket for a socket",
        description=(
            "Opens one socket, as `?ticket=`, within half a minute. The socket lives as long as the access token "
            "that asked would have."
        ),
        request=None,
        responses={201: SocketTicketOutput},
        operation_id="auth_ws_ticket",
    )
    def post(self, request: Request) -> Response:
        ticket = socket_tickets.issue_ticket(by=caller(request), claims=claims(request), now=timezone.now())
        return Response(ticket, status=201)
