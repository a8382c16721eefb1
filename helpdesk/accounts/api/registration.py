"""`/api/auth/register/` and `/api/auth/email/verify/…`: becoming a customer, and proving an address."""

from typing import ClassVar

from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.response import Response

from helpdesk.accounts.api import examples
from helpdesk.accounts.api.bodies import valid
from helpdesk.accounts.api.caller import caller
from helpdesk.accounts.api.evenly import evenly
from helpdesk.accounts.api.inputs import LinkInput, RegistrationInput
from helpdesk.accounts.api.outputs import DetailOutput
from helpdesk.accounts.operations import email_addresses, registration
from helpdesk.accounts.operations.openness import check_open
from helpdesk.api.schema import refusals
from helpdesk.api.views import ApiView


class RegisterView(ApiView):
    public = True
    limit_fallback = "database"

    @extend_schema(
        summary="Register",
        description=(
            "A new customer, who can sign in at once; a mail asks to verify the address. The answer is the same, and "
            "as fast, if somebody has the address: they are told by mail, and no account is made. The mails are in "
            "the language of the request."
        ),
        request=RegistrationInput,
        responses={
            201: OpenApiResponse(
                DetailOutput, examples=[OpenApiExample("Either way", value={"detail": "Look into your mailbox."})]
            )
        }
        | refusals(examples.REGISTRATION_CLOSED),
        operation_id="auth_register",
    )
    def post(self, request: Request) -> Response:
        check_open()
        values = valid(RegistrationInput, request)
        with evenly():
            registration.register(language=get_language() or "en", now=timezone.now(), **values)
        return Response({"detail": _("Look into your mailbox.")}, status=201)


class VerifyEmailView(ApiView):
    public = True
    limit_fallback = "database"

    @extend_schema(
        summary="Verify an e-mail address",
        description="With the token of the mail's link. It is good for seven days, and for the address it was sent to.",
        request=LinkInput,
        responses={204: None} | refusals(examples.LINK_NOT_VALID),
        operation_id="auth_email_verify",
    )
    def post(self, request: Request) -> Response:
        email_addresses.verify_email(now=timezone.now(), **valid(LinkInput, request))
        return Response(status=204)


class ResendVerificationView(ApiView):
    permissions: ClassVar[dict[str, str | None]] = {"post": None}

    @extend_schema(
        summary="Ask for the mail again",
        description="That which asks to verify one's own address; five times an hour.",
        request=None,
        responses={
            202: OpenApiResponse(
                DetailOutput, examples=[OpenApiExample("On its way", value={"detail": "Look into your mailbox."})]
            )
        }
        | refusals(examples.NOTHING_TO_VERIFY),
        operation_id="auth_email_verify_resend",
    )
    def post(self, request: Request) -> Response:
        try:
            email_addresses.request_verification(by=caller(request), now=timezone.now())
        except email_addresses.AskedTooOften as refusal:
            raise Throttled(wait=refusal.pause.total_seconds()) from None
        return Response({"detail": _("Look into your mailbox.")}, status=202)
