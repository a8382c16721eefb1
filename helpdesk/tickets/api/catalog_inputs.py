"""What an admin may send about categories, tags and teams."""

from typing import Any, Final

from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from helpdesk.api.fields import Id, Text
from helpdesk.tickets.api import catalog_examples as examples
from helpdesk.tickets.enums import Assignment, Priority
from helpdesk.tickets.models.catalog import NAME_LENGTH
from helpdesk.tickets.operations.filing import one_line

MOST_MEMBERS: Final = 500
COLOR: Final = RegexValidator(r"^#[0-9a-fA-F]{6}\Z", _("A colour is # and six digits of 0-9 and a-f."))


class Name(Text):
    """Kept without spaces around; what is as long as allowed without them is not too long."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=NAME_LENGTH, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        return one_line(super().to_internal_value(data))


@extend_schema_serializer(examples=[OpenApiExample("On the second level", value=examples.NEW_CATEGORY)])
class CategoryInput(serializers.Serializer):
    name = Name()
    parent = Id(  # type: ignore[assignment]  # a field is no attribute of the class
        required=False, allow_null=True, help_text="A category of the first level."
    )
    team = Id(required=False, allow_null=True, help_text="What is filed here comes into its queue.")
    priority = serializers.ChoiceField(choices=Priority.choices, required=False, allow_null=True)


@extend_schema_serializer(examples=[OpenApiExample("A green one", value=examples.NEW_TAG)])
class TagInput(serializers.Serializer):
    name = Name(help_text="Without commas.")
    color = Text(required=False, min_length=7, max_length=7, validators=[COLOR], help_text="#1f883d")

    def validate_color(self, value: str) -> str:
        return value.lower()


@extend_schema_serializer(examples=[OpenApiExample("Whose turn it is gets the ticket", value=examples.NEW_TEAM)])
class TeamInput(serializers.Serializer):
    name = Name()
    members = serializers.ListField(
        child=Id(), required=False, max_length=MOST_MEMBERS, help_text="Ids of agents: these are all that it has."
    )
    assignment = serializers.ChoiceField(choices=Assignment.choices, required=False)
