"""`/api/auth/google/`, `/api/auth/facebook/`: sign in by a provider's word, and say which may speak for oneself."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import get_language
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from helpdesk.accounts.api import examples
from helpdesk.accounts.api.caller import caller, device
from helpdesk.accounts.api.inputs import FacebookProofInput, ProofInput
from helpdesk.accounts.api.outputs import EntranceOutput, IdentityOutput
from helpdesk.accounts.enums import Provider
from helpdesk.accounts.models import SocialIdentity
from helpdesk.accounts.operations import identities
from helpdesk.accounts.social.providers import provider as provider_set_up
from helpdesk.api.pagination import Pages
from helpdesk.api.schema import refusals
from helpdesk.api.views import ApiView, ApiViewSet

_IDENTITY = tuple(IdentityOutput().fields)
_LANGUAGES = frozenset({"en", "es"})
# What each provider takes as a proof.
_INPUTS: dict[str, type[ProofInput]] = {Provider.GOOGLE: ProofInput, Provider.FACEBOOK: FacebookProofInput}


def _proof(provider: str, request: Request) -> dict[str, str]:
    """A provider that is not set up is 404 whatever is sent."""
    provider_set_up(provider)
    data = _INPUTS[provider](data=request.data)
    data.is_valid(raise_exception=True)
    values: dict[str, str] = data.validated_data
    return values


def _sign_in_described(provider: Provider) -> Any:
    return extend_schema(
        summary=f"Sign in with {provider.label}",
        description=(
            f"By what {provider.label} gave the client: an ID token, a code with its PKCE verifier"
            f"{', or an access token' if provider == Provider.FACEBOOK else ''}. The first time it makes a customer "
            "(201), or joins the account whose verified address is the one that the provider verified. 404 where this "
            "provider is not set up."
        ),
        request=_INPUTS[provider],
        responses={200: EntranceOutput, 201: EntranceOutput}
        | refusals(
            examples.PROOF_REFUSED,
            examples.NO_ACTIVE_ACCOUNT,
            examples.REGISTRATION_CLOSED,
            examples.PROVIDER_OFF,
            examples.LINK_REQUIRED,
            examples.PROVIDER_DOWN,
        ),
        operation_id=f"auth_{provider}",
    )


def _link_described(provider: Provider) -> Any:
    return extend_schema(
        summary=f"Link {provider.label}",
        description=(
            f"From now on this account of {provider.label} signs the caller in. The body is that of signing in with "
            "it. 200 where it is linked already."
        ),
        request=_INPUTS[provider],
        responses={200: IdentityOutput, 201: IdentityOutput}
        | refusals(
            examples.PROOF_REFUSED,
            examples.TOKEN_NOT_VALID,
            examples.PROVIDER_OFF,
            examples.IDENTITY_TAKEN,
            examples.ALREADY_LINKED,
            examples.PROVIDER_DOWN,
        ),
        operation_id=f"auth_{provider}_link",
    )


class _SignInView(ApiView):
    public = True
    limit_fallback = "database"
    provider: ClassVar[Provider]

    def _post(self, request: Request) -> Response:
        language = get_language()
        entrance = identities.sign_in(
            provider=self.provider,
            proof=_proof(self.provider, request),
            language=language if language in _LANGUAGES else "en",
            device=device(request),
            now=timezone.now(),
        )
        body = {**entrance.tokens, "user": entrance.user.as_dict(), "created": entrance.created}
        return Response(body, status=201 if entrance.created else 200)


class GoogleView(_SignInView):
    provider = Provider.GOOGLE

    @_sign_in_described(Provider.GOOGLE)
    def post(self, request: Request) -> Response:
        return self._post(request)


class FacebookView(_SignInView):
    provider = Provider.FACEBOOK

    @_sign_in_described(Provider.FACEBOOK)
    def post(self, request: Request) -> Response:
        return self._post(request)


class _LinkView(ApiView):
    permissions: ClassVar[dict[str, str | None]] = {"post": None}
    provider: ClassVar[Provider]

    def _post(self, request: Request) -> Response:
        identity, created = identities.link(
            by=caller(request), provider=self.provider, proof=_proof(self.provider, request), now=timezone.now()
        )
        values = {field: getattr(identity, field) for field in _IDENTITY}
        return Response(values, status=201 if created else 200)


class GoogleLinkView(_LinkView):
    provider = Provider.GOOGLE

    @_link_described(Provider.GOOGLE)
    def post(self, request: Request) -> Response:
        return self._post(request)


class FacebookLinkView(_LinkView):
    provider = Provider.FACEBOOK

    @_link_described(Provider.FACEBOOK)
    def post(self, request: Request) -> Response:
        return self._post(request)


class IdentitiesView(ApiViewSet):
    permissions: ClassVar[dict[str, str | None]] = {"list": None}
    queryset = SocialIdentity.objects.none()
    serializer_class: type[serializers.Serializer] = IdentityOutput
    pagination_class = Pages

    def get_queryset(self) -> QuerySet[SocialIdentity]:
        return SocialIdentity.objects.filter(user=caller(self.request)).order_by("id")

    @extend_schema(
        summary="List one's own identities",
        description="Which providers may vouch for the caller.",
        responses=IdentityOutput(many=True),
        operation_id="auth_identities_list",
    )
    def list(self, _request: Request) -> Response:
        return self.get_paginated_response(self.page_of(self.get_queryset().values(*_IDENTITY)))


class IdentityView(ApiView):
    permissions: ClassVar[dict[str, str | None]] = {"delete": None}

    @extend_schema(
        summary="Unlink a provider",
        description="It does not sign the caller in any more. The only way in stays.",
        parameters=[OpenApiParameter("provider", str, OpenApiParameter.PATH, enum=Provider.values)],
        responses={204: None} | refusals(examples.ONLY_WAY_IN),
        operation_id="auth_identities_destroy",
    )
    def delete(self, request: Request, provider: str) -> Response:
        identities.unlink(by=caller(request), provider=provider, now=timezone.now())
        return Response(status=204)
