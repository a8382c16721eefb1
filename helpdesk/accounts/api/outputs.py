"""How people look on the wire."""

from rest_framework import serializers

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


class ProfileOutput(ColleagueOutput):
    """What a person sees of themselves, and admins of everybody."""

    email = serializers.EmailField(allow_blank=True)
    email_verified = serializers.BooleanField()
    language = serializers.ChoiceField(choices=["en", "es"])
    phone = serializers.CharField(allow_blank=True)
    timezone = serializers.CharField()
    date_joined = serializers.DateTimeField()


class TokenPairOutput(serializers.Serializer):
    access = serializers.CharField()
    refresh = serializers.CharField()
