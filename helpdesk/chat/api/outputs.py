"""How chats look on the wire."""

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from helpdesk.accounts.api.outputs import UserOutput
from helpdesk.chat.api import examples


@extend_schema_serializer(examples=[OpenApiExample("A picture", value=examples.ATTACHMENT)])
class ChatAttachmentOutput(serializers.Serializer):
    id = serializers.IntegerField()
    filename = serializers.CharField()
    content_type = serializers.CharField(help_text="By the content, not by what was announced.")
    size = serializers.IntegerField()
    sha256 = serializers.CharField(help_text="Of the bytes as they are stored: a picture is written anew.")
    uploaded_by = UserOutput()
    created_at = serializers.DateTimeField()
    url = serializers.URLField(help_text="Where the bytes are, for the two of the conversation.")


@extend_schema_serializer(
    examples=[
        OpenApiExample("A text", value=examples.MESSAGE),
        OpenApiExample("A file", value=examples.WITH_FILE),
    ]
)
class MessageOutput(serializers.Serializer):
    id = serializers.IntegerField(help_text="Its place: newer messages have higher ids.")
    conversation = serializers.IntegerField()
    author = UserOutput()
    content = serializers.CharField(allow_blank=True, help_text="Empty where a file says it all.")
    attachments = ChatAttachmentOutput(many=True)
    created_at = serializers.DateTimeField()


@extend_schema_serializer(examples=[OpenApiExample("With a customer", value=examples.CONVERSATION)])
class ConversationOutput(serializers.Serializer):
    """As the caller sees it."""

    id = serializers.IntegerField()
    online = serializers.BooleanField(help_text="Whether the other one has a socket open.")
    can_write = serializers.BooleanField(help_text="Whether the two may chat; if not, what was said can be read.")
    unread_count = serializers.IntegerField(help_text="The other one's messages that the caller has not read.")
    read_up_to = serializers.IntegerField(help_text="The newest message that the caller has read; 0: none.")
    read_by_other = serializers.IntegerField(help_text="The newest message that the other one has read; 0: none.")
    last_message = MessageOutput(allow_null=True)
    updated_at = serializers.DateTimeField(help_text="When the last message was written.")

    def get_fields(self) -> dict[str, serializers.Field]:
        """`with` is a word of Python's."""
        fields = super().get_fields()
        return {"id": fields.pop("id"), "with": UserOutput(help_text="The other one."), **fields}


@extend_schema_serializer(examples=[OpenApiExample("Two conversations", value=examples.UNREAD)])
class UnreadOutput(serializers.Serializer):
    total = serializers.IntegerField()
    conversations = serializers.DictField(
        child=serializers.IntegerField(), help_text="By the conversation's id; only those where something waits."
    )
