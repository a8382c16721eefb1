"""What a client may send about people and tokens."""

from typing import Any, ClassVar, Final

from django.core.validators import EmailValidator, RegexValidator
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from helpdesk.accounts.api import examples
from helpdesk.accounts.profile import PHONE, USERNAME, ZONES
from helpdesk.accounts.roles import Role
from helpdesk.api.fields import Flag, Text

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


@extend_schema_serializer(examples=[OpenApiExample("The old one and a new one", value=examples.CHANGED_PASSWORD)])
class PasswordChangeInput(serializers.Serializer):
    old_password = Text(max_length=1024)
    new_password = Text(max_length=1024)


@extend_schema_serializer(examples=[OpenApiExample("An access token", value={"token": examples.ACCESS})])
class VerifyInput(serializers.Serializer):
    token = Text(max_length=4096)


@extend_schema_field({"type": "string", "format": "email", "maxLength": 254})
class Address(Text):
    """An e-mail address, kept as it was written."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=254, validators=[EmailValidator()], **kwargs)


@extend_schema_serializer(examples=[OpenApiExample("A new customer", value=examples.REGISTRATION)])
class RegistrationInput(serializers.Serializer):
    username = Text(max_length=150, validators=[USERNAME])
    email = Address()
    password = Text(max_length=1024)
    name = Text(max_length=150, allow_blank=True, required=False)


@extend_schema_serializer(examples=[OpenApiExample("From a mail", value={"token": examples.LINK_TOKEN})])
class LinkInput(serializers.Serializer):
    token = Text(max_length=1024, help_text="As it stands in the link.")


@extend_schema_serializer(examples=[OpenApiExample("Whose it is", value={"email": examples.PROFILE["email"]})])
class ResetInput(serializers.Serializer):
    email = Address()


@extend_schema_serializer(examples=[OpenApiExample("A new password", value=examples.NEW_PASSWORD)])
class NewPasswordInput(LinkInput):
    new_password = Text(max_length=1024)


@extend_schema_serializer(examples=[OpenApiExample("A new agent", value=examples.INVITATION)])
class InvitationInput(serializers.Serializer):
    username = Text(max_length=150, validators=[USERNAME])
    email = Address()
    name = Text(max_length=150, allow_blank=True, required=False)
    role = serializers.ChoiceField(choices=Role.choices, required=False)
    language = serializers.ChoiceField(choices=["en", "es"], required=False)


@extend_schema_serializer(
    examples=[
        OpenApiExample("Another role", value={"role": "agent"}),
        OpenApiExample("Out", value={"is_active": False}),
    ]
)
class PersonInput(serializers.Serializer):
    role = serializers.ChoiceField(choices=Role.choices)
    is_active = Flag()
    name = Text(max_length=150, allow_blank=True)
    email = Address(help_text="Another one has to be verified anew; a mail asks for it.")


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
