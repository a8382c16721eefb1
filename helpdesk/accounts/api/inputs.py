"""What a client may send about people and tokens."""

from typing import ClassVar, Final

from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from helpdesk.accounts.api import examples
from helpdesk.accounts.profile import PHONE, ZONES
from helpdesk.api.fields import Text

# As RFC 7636 has it.
VERIFIER: Final = RegexValidator(r"^[A-Za-z0-9._~-]{43,}\Z", _("43 to 128 letters, digits and - . _ ~ are needed."))
OPAQUE: Final = RegexValidator(r"^[\x21-\x7e]+\Z", _("Letters, digits and signs of ASCII only."))


@extend_schema_serializer(
    examples=[
        OpenApiExample("By username", value=examples.SIGN_IN),
        OpenApiExample("By e-mail address", value={**examples.SIGN_IN, "username": examples.PROFILE["email"]}),
    ]
)
class SignInInput(serializers.Serializer):
    username = Text(max_length=254, help_text="A username or an e-mail address.")
    password = Text(max_length=1024)


@extend_schema_serializer(examples=[OpenApiExample("The latest one", value={"refresh": examples.REFRESH})])
class RefreshInput(serializers.Serializer):
    refresh = Text(max_length=4096)


@extend_schema_serializer(examples=[OpenApiExample("The old one and a new one", value=examples.NEW_PASSWORD)])
class PasswordChangeInput(serializers.Serializer):
    old_password = Text(max_length=1024)
    new_password = Text(max_length=1024)


@extend_schema_serializer(examples=[OpenApiExample("An access token", value={"token": examples.ACCESS})])
class VerifyInput(serializers.Serializer):
    token = Text(max_length=4096)


@extend_schema_serializer(examples=[OpenApiExample("All that is one's own", value=examples.OWN)])
class ProfileInput(serializers.Serializer):
    name = Text(max_length=150, allow_blank=True)
    language = serializers.ChoiceField(choices=["en", "es"])
    phone = Text(max_length=32, allow_blank=True, validators=[PHONE])
    timezone = Text(max_length=64, help_text="A name of the IANA database, such as America/Lima.")

    def validate_timezone(self, value: str) -> str:
        if value not in ZONES:
            raise serializers.ValidationError(_("This is no time zone."), code="invalid_choice")
        return value


@extend_schema_serializer(
    examples=[
        OpenApiExample("An ID token", value=examples.BY_ID_TOKEN),
        OpenApiExample("A code", value=examples.BY_CODE),
    ]
)
class ProofInput(serializers.Serializer):
    """One kind of proof, whole, and no other."""

    kinds: ClassVar[dict[str, tuple[str, ...]]] = {"id_token": (), "code": ("code_verifier", "redirect_uri")}

    id_token = Text(max_length=8192, required=False, help_text="Signed by the provider, for one of our client ids.")
    nonce = Text(max_length=255, required=False, help_text="What the token was asked for with. Needed if it has one.")
    code = Text(max_length=2048, required=False, help_text="An authorization code, with the next two.")
    code_verifier = Text(
        max_length=128, required=False, validators=[VERIFIER], help_text="43 to 128 characters, of PKCE."
    )
    redirect_uri = Text(max_length=2048, required=False, help_text="Where the code went: one of the addresses set up.")

    def validate(self, values: dict[str, str]) -> dict[str, str]:
        given = [kind for kind in self.kinds if kind in values]
        if not given:
            self._demand(next(iter(self.kinds)))
        if len(given) > 1:
            raise serializers.ValidationError({given[1]: _("Send one kind of proof.")}, code="invalid")
        self._demand(*(name for name in self.kinds[given[0]] if name not in values))
        return values

    def _demand(self, *missing: str) -> None:
        if missing:
            errors = {name: self.fields[name].error_messages["required"] for name in missing}
            raise serializers.ValidationError(errors, code="required")


@extend_schema_serializer(
    examples=[
        OpenApiExample("An access token", value=examples.BY_ACCESS_TOKEN),
        OpenApiExample("An ID token, of Limited Login", value=examples.BY_ID_TOKEN),
        OpenApiExample("A code", value=examples.BY_CODE),
    ]
)
class FacebookProofInput(ProofInput):
    kinds = {**ProofInput.kinds, "access_token": ()}

    access_token = Text(
        max_length=2048, required=False, validators=[OPAQUE], help_text="Of a person, for our app, from Facebook's SDK."
    )
