"""The wire shapes as the schema tells them. The bodies themselves are made of values (`queries.py`)."""

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from helpdesk.accounts.api.outputs import UserOutput
from helpdesk.tickets.api import examples
from helpdesk.tickets.enums import Priority, Status


@extend_schema_serializer(examples=[OpenApiExample("A ticket", value=examples.TICKET)])
class TicketOutput(serializers.Serializer):
    id = serializers.IntegerField()
    title = serializers.CharField()
    status = serializers.ChoiceField(choices=Status.choices)
    priority = serializers.ChoiceField(choices=Priority.choices)
    created_by = UserOutput()
    assigned_to = UserOutput(allow_null=True)
    comments_count = serializers.IntegerField(help_text="As the caller sees them: notes count for agents only.")
    last_comment_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    version = serializers.IntegerField(help_text="Counts changes to the ticket's own fields, not its comments.")


@extend_schema_serializer(examples=[OpenApiExample("A file", value=examples.ATTACHMENT)])
class AttachmentOutput(serializers.Serializer):
    id = serializers.IntegerField()
    filename = serializers.CharField()
    content_type = serializers.CharField(help_text="By the content, not by what was announced.")
    size = serializers.IntegerField()
    sha256 = serializers.CharField(help_text="Of the bytes as they are stored: a picture is written anew.")
    uploaded_by = UserOutput()
    created_at = serializers.DateTimeField()
    url = serializers.URLField(help_text="Where the bytes are, for those who see this.")


@extend_schema_serializer(
    examples=[
        OpenApiExample("A comment, for customers", value=examples.COMMENT),
        OpenApiExample("An internal note, for agents", value=examples.NOTE),
    ]
)
class CommentOutput(serializers.Serializer):
    id = serializers.IntegerField()
    ticket = serializers.IntegerField()
    author = UserOutput()
    content = serializers.CharField()
    attachments = AttachmentOutput(many=True)
    created_at = serializers.DateTimeField()
    edited_at = serializers.DateTimeField(allow_null=True)
    version = serializers.IntegerField(help_text="Counts its edits.")
    is_internal = serializers.BooleanField(required=False, help_text="Agents only.")


@extend_schema_serializer(examples=[OpenApiExample("The customer's view", value=examples.DETAIL)])
class TicketDetailOutput(TicketOutput):
    description = serializers.CharField()
    comments = CommentOutput(many=True, help_text="The latest 100, oldest first.")
    comments_previous = serializers.URLField(allow_null=True, help_text="The older ones.")
    attachments = AttachmentOutput(many=True, help_text="Of the ticket itself; those of its comments stand there.")
    allowed_actions = serializers.ListField(
        child=serializers.CharField(), help_text="What the caller may do to it as it stands."
    )


@extend_schema_serializer(examples=[OpenApiExample("A change of status", value=examples.TIMELINE_ENTRY)])
class TimelineEntryOutput(serializers.Serializer):
    """Besides these, the event's own members (`ticket`, `comment`)."""

    id = serializers.IntegerField()
    type = serializers.CharField()
    occurred_at = serializers.DateTimeField()
    actor = UserOutput(allow_null=True)
    changes = serializers.DictField()
    message = serializers.CharField()
