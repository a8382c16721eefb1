"""What can happen in a conversation. Nobody but its two members hears of it, and no record holds a whole text."""

from dataclasses import dataclass
from typing import Any

from helpdesk.events.declaration import Event

EXCERPT = 100


@dataclass(frozen=True, kw_only=True)
class ConversationEvent(Event):
    """Shared by all: which conversation, and the ids of its two members."""

    conversation_id: int
    member_ids: list[int]

    @property
    def subject(self) -> tuple[str, int]:
        return ("conversation", self.conversation_id)

    @property
    def members(self) -> dict[str, Any]:
        return {"conversation": self.conversation_id}

    @property
    def audience(self) -> set[int]:
        return set(self.member_ids)


@dataclass(frozen=True, kw_only=True)
class MessageSent(ConversationEvent, name="message_sent", echoed=False):
    """`excerpt` is the beginning of the text: the whole of it stands in the message only."""

    message_id: int
    author: str
    excerpt: str
    attachments: int = 0

    @property
    def members(self) -> dict[str, Any]:
        said = {"id": self.message_id, "author": self.author, "content": self.excerpt, "attachments": self.attachments}
        return super().members | {"message": said}

    @property
    def message(self) -> str:
        return f"New message from {self.author}"


@dataclass(frozen=True, kw_only=True)
class MessagesRead(ConversationEvent, name="messages_read"):
    """Somebody has read the messages up to this one."""

    message_id: int
    reader: str

    @property
    def members(self) -> dict[str, Any]:
        return super().members | {"message": {"id": self.message_id}}

    @property
    def message(self) -> str:
        return f"{self.reader} has read up to message #{self.message_id}"


@dataclass(frozen=True, kw_only=True)
class MessagesWaiting(ConversationEvent, name="messages_waiting"):
    """Somebody was away for a while, and a mail is to say that something waits. Nobody's sockets hear of it."""

    recipient_id: int
    other: str
    unread: int

    @property
    def audience(self) -> set[int]:
        return set()

    @property
    def message(self) -> str:
        return f"{self.unread} unread from {self.other}"
