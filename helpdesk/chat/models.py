"""Conversations of two, what is said in them, and how far each of the two has read."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from helpdesk.accounts.models import User
from helpdesk.files.models import Blob

LONGEST_TEXT = 20_000
REF_LENGTH = 100
FILENAME_LENGTH = 255


class ConversationQuerySet(models.QuerySet["Conversation"]):
    def visible_to(self, user: User) -> Self:
        """The only answer to "which conversations may this user see?": the own ones, whatever the role."""
        return self.filter(Q(low=user.pk) | Q(high=user.pk))


class Conversation(models.Model):
    """One a pair: `low` is whoever has the lower id. Whatever changes something in it locks this row first."""

    low = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    high = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    # When the newest message was written: no clock that goes back makes a newer one look older.
    updated_at = models.DateTimeField()

    objects = ConversationQuerySet.as_manager()

    class Meta:
        verbose_name = _("conversation")
        verbose_name_plural = _("conversations")
        constraints = [
            models.UniqueConstraint(fields=["low", "high"], name="conversation_one_a_pair"),
            models.CheckConstraint(name="conversation_of_two", condition=Q(low__lt=F("high"))),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"

    def other_than(self, user_id: int) -> int:
        return self.high_id if user_id == self.low_id else self.low_id


class MessageQuerySet(models.QuerySet["Message"]):
    def visible_to(self, user: User) -> Self:
        return self.filter(conversation__in=Conversation.objects.visible_to(user))


class Message(models.Model):
    """Its id is its place: ids are given under the conversation's lock, so both of the two see one order."""

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="messages", db_index=False)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    # Empty where a file says it all.
    content = models.TextField(blank=True)
    # How its author's client called it, if it did: sent again under the same name, it is the same message.
    ref = models.CharField(max_length=REF_LENGTH, null=True)
    created_at = models.DateTimeField()

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints = [
            models.UniqueConstraint(
                fields=["conversation", "author", "ref"], name="message_once", condition=Q(ref__isnull=False)
            ),
        ]
        indexes = [models.Index("conversation", "id", name="message_of_conversation")]

    def __str__(self) -> str:
        return f"#{self.pk}"


class Member(models.Model):
    """A conversation as one of the two sees it. Its counts move with the messages, under the conversation's lock."""

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="members", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    other = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    last_message = models.ForeignKey(Message, models.SET_NULL, null=True, related_name="+", db_index=False)
    # The conversation's, so that the list of one person's conversations is one range of an index.
    updated_at = models.DateTimeField()
    # The newest message that was read; 0: none.
    read_up_to = models.BigIntegerField(default=0)
    unread_count = models.PositiveIntegerField(default=0)
    # Since when something waits to be read that no mail has told of, and when the last mail did.
    waiting_since = models.DateTimeField(null=True)
    mailed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["conversation", "user"], name="member_once")]
        indexes = [
            models.Index(F("user"), F("updated_at").desc(), F("id").desc(), name="member_newest"),
            models.Index("user", "conversation", name="member_unread", condition=Q(unread_count__gt=0)),
            models.Index("waiting_since", name="member_waiting", condition=Q(waiting_since__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in #{self.conversation_id}"


class ChatFileQuerySet(models.QuerySet["Attachment"]):
    def visible_to(self, user: User) -> Self:
        """The only answer to "which of the chats' files may this user see?"."""
        return self.filter(message__in=Message.objects.visible_to(user))


class Attachment(models.Model):
    """A file that was sent in a message."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="attachments")
    blob = models.ForeignKey(Blob, models.PROTECT, related_name="chat_attachments")
    filename = models.CharField(max_length=FILENAME_LENGTH)
    content_type = models.CharField(max_length=100)
    size = models.BigIntegerField()

    objects = ChatFileQuerySet.as_manager()

    class Meta:
        verbose_name = _("file in a chat")
        verbose_name_plural = _("files in chats")

    def __str__(self) -> str:
        return self.filename
