"""What a client may send about people and tokens."""

from typing import Any

from django.core.validators import EmailValidator
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from helpdesk.accounts.api import examples
from helpdesk.accounts.profile import PHONE, USERNAME, ZONES
from helpdesk.accounts.roles import Role
from helpdesk.api.fields import Flag, Text


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
