"""`/api/auth/password/reset/…`: another password, by a link to one's mailbox."""

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from helpdesk.accounts.api import examples
from helpdesk.accounts.api.bodies import valid
from helpdesk.accounts.api.evenly import evenly
from helpdesk.accounts.api.inputs import NewPasswordInput, ResetInput
from helpdesk.accounts.api.outputs import DetailOutput
from helpdesk.accounts.operations import password_links
from helpdesk.api.schema import refusals
from helpdesk.api.views import ApiView


class ResetView(ApiView):
    public = True
    limit_fallback = "database"

    @extend_schema(
        summary="Forget the password",
        description="Sends a link to the address, if somebody has it. The answer is the same, and as fast, if not.",
        request=ResetInput,
        responses={
            202: OpenApiResponse(
                DetailOutput,
                examples=[
                    OpenApiExample("Always", value={"detail": "If somebody has this address, a mail is on its way."})
                ],
            )
        },
        operation_id="auth_password_reset",
    )
    def post(self, request: Request) -> Response:
        values = valid(ResetInput, request)
        with evenly():
            password_links.request_reset(now=timezone.now(), **values)
        return Response({"detail": _("If somebody has this address, a mail is on its way.")}, status=202)


class ConfirmResetView(ApiView):
    public = True
    limit_fallback = "database"

    @extend_schema(
        summary="Choose a password by a link",
        description=(
            "With the token of a link to a new password, good for an hour, or of an invitation, good for seven days; "
            "each once. It ends every session, and verifies the address that the link was sent to. A password that is "
            "too weak leaves the link as good as it was."
        ),
        request=NewPasswordInput,
        responses={204: None} | refusals(examples.LINK_NOT_VALID),
        operation_id="auth_password_reset_confirm",
    )
    def post(self, request: Request) -> Response:
        values = valid(NewPasswordInput, request)
        password_links.choose_by_link(token=values["token"], password=values["new_password"], now=timezone.now())
        return Response(status=204)
