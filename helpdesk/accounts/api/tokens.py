"""`/api/auth/token/…`: sign in, stay signed in."""

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from helpdesk.accounts import tokens
from helpdesk.accounts.api.inputs import RefreshInput, SignInInput, VerifyInput
from helpdesk.accounts.api.outputs import TokenPairOutput
from helpdesk.accounts.operations import sessions
from helpdesk.api.views import ApiView


class TokenView(ApiView):
    public = True
    # Guessing passwords must not get easier by taking Redis down.
    limit_fallback = "database"

    @extend_schema(request=SignInInput, responses=TokenPairOutput, operation_id="auth_token")
    def post(self, request: Request) -> Response:
        """Sign in with a username or an e-mail address."""
        return Response(sessions.sign_in(now=timezone.now(), **_valid(SignInInput, request)))


class RefreshView(ApiView):
    public = True
    limit_fallback = "database"

    @extend_schema(request=RefreshInput, responses=TokenPairOutput, operation_id="auth_token_refresh")
    def post(self, request: Request) -> Response:
        """Spend the refresh token for a new pair. A spent one that is seen again ends its session."""
        values = _valid(RefreshInput, request)
        return Response(sessions.refresh(refresh_token=values["refresh"], now=timezone.now()))


class VerifyView(ApiView):
    public = True

    @extend_schema(request=VerifyInput, responses={200: OpenApiTypes.OBJECT}, operation_id="auth_token_verify")
    def post(self, request: Request) -> Response:
        """200 if we signed the token and it has not expired."""
        tokens.verify(_valid(VerifyInput, request)["token"])
        return Response({})


def _valid(input_type: type[serializers.Serializer], request: Request) -> dict[str, str]:
    data = input_type(data=request.data)
    data.is_valid(raise_exception=True)
    values: dict[str, str] = data.validated_data
    return values
