"""What a client may send."""

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from helpdesk.api.fields import Id, Text
from helpdesk.chat.api import examples
from helpdesk.chat.models import LONGEST_TEXT


@extend_schema_serializer(examples=[OpenApiExample("With an agent", value={"user": examples.AGENT_ID})])
class OpenConversationInput(serializers.Serializer):
    user = Id(help_text="Whom to write to: one of the contacts.")


@extend_schema_serializer(examples=[OpenApiExample("A message", value={"content": examples.MESSAGE["content"]})])
class SendMessageInput(serializers.Serializer):
    content = Text(max_length=LONGEST_TEXT)


@extend_schema_serializer(examples=[OpenApiExample("Up to this one", value={"up_to": examples.MESSAGE["id"]})])
class MarkReadInput(serializers.Serializer):
    up_to = Id(help_text="The newest message that was read.")


class SendFileInput(serializers.Serializer):
    """A form, `multipart/form-data`: see `api/uploads.py`."""

    file = serializers.FileField(help_text="One, of one of the kinds that are taken.")
