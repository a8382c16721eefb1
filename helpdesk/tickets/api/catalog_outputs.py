"""The wire shapes of categories, tags and teams."""

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from helpdesk.accounts.api.outputs import UserOutput
from helpdesk.tickets.api import catalog_examples as examples
from helpdesk.tickets.enums import Assignment, Priority


@extend_schema_serializer(examples=[OpenApiExample("On the second level", value=examples.CATEGORIES)])
class CategoryOutput(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    parent = serializers.IntegerField(  # type: ignore[assignment]  # a field is no attribute of the class
        allow_null=True, help_text="null on the first level."
    )
    team = serializers.IntegerField(allow_null=True)
    priority = serializers.ChoiceField(choices=Priority.choices, allow_null=True)


@extend_schema_serializer(examples=[OpenApiExample("A green one", value=examples.TAG)])
class TagOutput(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    color = serializers.CharField()


@extend_schema_serializer(examples=[OpenApiExample("A team of one", value=examples.WHOLE_TEAM)])
class TeamOutput(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    members = UserOutput(many=True, help_text="Those who are active agents.")
    assignment = serializers.ChoiceField(choices=Assignment.choices)
