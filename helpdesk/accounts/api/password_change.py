"""`POST /api/auth/password/change/`."""

from typing import ClassVar

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from helpdesk.accounts.api import examples
from helpdesk.accounts.api.caller import caller, claims, device
from helpdesk.accounts.api.inputs import PasswordChangeInput
from helpdesk.accounts.operations import users
from helpdesk.api.schema import refusals
from helpdesk.api.views import ApiView


class PasswordChangeView(ApiView):
    permissions: ClassVar[dict[str, str | None]] = {"post": None}
    limit_fallback = "database"

    @extend_schema(
        summary="Change one's own password",
        description=(
            "Every other session ends. This one lives on, but its access token is stale at once, like all others: "
            "spend its refresh token for a new pair. Wrong old passwords are counted with those at the sign-in."
        ),
        request=PasswordChangeInput,
        responses={204: None} | refusals(examples.WRONG_PASSWORD, examples.NO_PASSWORD),
        operation_id="auth_password_change",
    )
    def post(self, request: Request) -> Response:
        data = PasswordChangeInput(data=request.data)
        data.is_valid(raise_exception=True)
        here = claims(request).session_id
        users.change_password(
            by=caller(request), session_id=here, device=device(request), now=timezone.now(), **data.validated_data
        )
        return Response(status=204)
