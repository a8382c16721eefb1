"""`/api/auth/token/…`: sign in, stay signed in."""

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from helpdesk.accounts.api import examples
from helpdesk.accounts.api.caller import device
from helpdesk.accounts.api.inputs import RefreshInput, SignInInput, VerifyInput
from helpdesk.accounts.api.outputs import TokenPairOutput
from helpdesk.accounts.operations import admission, sessions
from helpdesk.api.schema import refusals
from helpdesk.api.views import ApiView


class TokenView(ApiView):
    public = True
    # Guessing passwords must not get easier by taking Redis down.
    limit_fallback = "database"

    @extend_schema(
        summary="Sign in",
        description=(
            "With a username or an e-mail address, in any case. "
            "After too many wrong passwords it is 429, also for a right one."
        ),
        request=SignInInput,
        responses={200: TokenPairOutput} | refusals(examples.NO_ACTIVE_ACCOUNT),
        operation_id="auth_token",
    )
    def post(self, request: Request) -> Response:
        values = _valid(SignInInput, request)
        return Response(sessions.sign_in(device=device(request), now=timezone.now(), **values))


class RefreshView(ApiView):
    public = True
    limit_fallback = "database"

    @extend_schema(
        summary="Stay signed in",
        description="Spends the refresh token for a new pair. A spent one that is seen again ends its session.",
        request=RefreshInput,
        responses={200: TokenPairOutput} | refusals(examples.TOKEN_NOT_VALID, examples.SESSION_IDLE),
        operation_id="auth_token_refresh",
    )
    def post(self, request: Request) -> Response:
        values = _valid(RefreshInput, request)
        return Response(sessions.refresh(refresh_token=values["refresh"], now=timezone.now()))


class VerifyView(ApiView):
    public = True

    @extend_schema(
        summary="Verify a token",
        description="200 if the API would take it now: an access token, or a refresh token that is not spent.",
        request=VerifyInput,
        responses={200: OpenApiResponse(OpenApiTypes.OBJECT, examples=[OpenApiExample("Good", value={})])}
        | refusals(examples.TOKEN_NOT_VALID),
        operation_id="auth_token_verify",
    )
    def post(self, request: Request) -> Response:
        admission.verify(_valid(VerifyInput, request)["token"], now=timezone.now())
        return Response({})


def _valid(input_type: type[serializers.Serializer], request: Request) -> dict[str, str]:
    data = input_type(data=request.data)
    data.is_valid(raise_exception=True)
    values: dict[str, str] = data.validated_data
    return values
