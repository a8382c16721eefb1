"""What a client may send about people and tokens."""

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from helpdesk.accounts.api import examples
from helpdesk.accounts.profile import PHONE, ZONES
from helpdesk.api.fields import Text


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
