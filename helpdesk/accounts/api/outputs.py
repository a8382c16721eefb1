"""How people look on the wire."""

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from helpdesk.accounts.api import examples
from helpdesk.accounts.enums import Method, Provider
from helpdesk.accounts.roles import Role


class UserOutput(serializers.Serializer):
    """The contract's `user`."""

    id = serializers.IntegerField()
    username = serializers.CharField()
    name = serializers.CharField(allow_blank=True)
    role = serializers.ChoiceField(choices=Role.choices)


class ColleagueOutput(UserOutput):
    """What agents see of people."""

    is_active = serializers.BooleanField()


@extend_schema_serializer(examples=[OpenApiExample("Oneself", value=examples.PROFILE)])
class ProfileOutput(ColleagueOutput):
    """What a person sees of themselves, and admins of everybody."""

    email = serializers.EmailField(allow_blank=True)
    email_verified = serializers.BooleanField()
    language = serializers.ChoiceField(choices=["en", "es"])
    phone = serializers.CharField(allow_blank=True)
    timezone = serializers.CharField()
    date_joined = serializers.DateTimeField()


@extend_schema_serializer(
    examples=[
        OpenApiExample("For agents", value=examples.COLLEAGUE),
        OpenApiExample("For admins", value=examples.PROFILE),
    ]
)
class PersonOutput(ColleagueOutput):
    """A colleague for agents, a whole profile for admins."""

    email = serializers.EmailField(allow_blank=True, required=False)
    email_verified = serializers.BooleanField(required=False)
    language = serializers.ChoiceField(choices=["en", "es"], required=False)
    phone = serializers.CharField(allow_blank=True, required=False)
    timezone = serializers.CharField(required=False)
    date_joined = serializers.DateTimeField(required=False)


class DetailOutput(serializers.Serializer):
    """What happens next, for people."""

    detail = serializers.CharField()


@extend_schema_serializer(examples=[OpenApiExample("A fresh pair", value=examples.PAIR)])
class TokenPairOutput(serializers.Serializer):
    access = serializers.CharField(help_text="Good for an hour.")
    refresh = serializers.CharField(help_text="Good for a week, and once.")


@extend_schema_serializer(examples=[OpenApiExample("This device", value=examples.SESSION)])
class SessionOutput(serializers.Serializer):
    id = serializers.UUIDField()
    device = serializers.CharField(allow_blank=True, help_text="What the client called itself when it signed in.")
    address = serializers.IPAddressField(allow_null=True, help_text="Where it signed in from.")
    method = serializers.ChoiceField(choices=Method.choices)
    created_at = serializers.DateTimeField()
    last_seen_at = serializers.DateTimeField(help_text="To the minute.")
    current = serializers.BooleanField(help_text="Whether it is the one that asks.")


@extend_schema_serializer(examples=[OpenApiExample("A ticket", value=examples.SOCKET_TICKET)])
class SocketTicketOutput(serializers.Serializer):
    ticket = serializers.CharField()
    expires_in = serializers.IntegerField(help_text="Seconds.")


@extend_schema_serializer(examples=[OpenApiExample("The first time", value=examples.ENTRANCE)])
class EntranceOutput(TokenPairOutput):
    """A pair, for whoever a provider vouched for."""

    user = UserOutput()
    created = serializers.BooleanField(help_text="Whether the account is new.")


@extend_schema_serializer(examples=[OpenApiExample("Google", value=examples.IDENTITY)])
class IdentityOutput(serializers.Serializer):
    """Who else may vouch for the caller."""

    provider = serializers.ChoiceField(choices=Provider.choices)
    created_at = serializers.DateTimeField()
