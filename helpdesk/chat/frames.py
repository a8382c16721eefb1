"""What clients say over their sockets: messages, and that somebody is typing one."""

import time
from collections import OrderedDict
from typing import Any, Final

from django.utils import timezone
from rest_framework import serializers

from helpdesk.accounts.models import User
from helpdesk.api.fields import Id, Text
from helpdesk.chat.models import LONGEST_TEXT, REF_LENGTH
from helpdesk.chat.operations.conversations import find_listener
from helpdesk.chat.operations.messages import send_message
from helpdesk.chat.operations.reading import mark_read
from helpdesk.core.errors import Invalid
from helpdesk.realtime import hub as hub_module
from helpdesk.realtime.database import for_socket
from helpdesk.realtime.ephemeral import Audience
from helpdesk.realtime.frames import Speaker

# Of one person in one conversation, one `typing` in so many seconds is passed on.
TYPING_EVERY: Final = 2.0
_REMEMBERED: Final = 10_000


class ChatMessageFrame(serializers.Serializer):
    conversation = Id()
    content = Text(max_length=LONGEST_TEXT)
    ref = Text(max_length=REF_LENGTH)


class ReadFrame(serializers.Serializer):
    conversation = Id()
    up_to = Id()
    ref = Text(max_length=REF_LENGTH, required=False)


class TypingFrame(serializers.Serializer):
    conversation = Id()


# (user, conversation) -> when it was passed on last; the oldest first.
_typed: OrderedDict[tuple[int, int], float] = OrderedDict()


async def chat_message(speaker: Speaker, frame: dict[str, Any]) -> None:
    """Answered by `ack` when it is stored; again under the same `ref`, by the same `ack`."""
    said = _checked(ChatMessageFrame, frame)
    message_id = await for_socket(_send, speaker.user.pk, said)
    await speaker.say({"type": "ack", "ref": said["ref"], "id": message_id})


async def chat_read(speaker: Speaker, frame: dict[str, Any]) -> None:
    """Answered by `ack` if it has a `ref`; to do it again changes nothing."""
    said = _checked(ReadFrame, frame)
    await for_socket(_read, speaker.user.pk, said)
    if "ref" in said:
        await speaker.say({"type": "ack", "ref": said["ref"], "id": said["up_to"]})


async def typing(speaker: Speaker, frame: dict[str, Any]) -> None:
    """To the other one only; what comes too often is dropped."""
    conversation_id = _checked(TypingFrame, frame)["conversation"]
    user = speaker.user
    if not _is_time(user.pk, conversation_id, now=time.monotonic()):
        return
    listener = await for_socket(find_listener, by=user, conversation_id=conversation_id)
    told = {"type": "typing", "conversation": conversation_id, "user": user.as_dict()}
    await hub_module.hub.pass_on(told, to=Audience(users=[listener]))


def _send(user_id: int, said: dict[str, Any]) -> int:
    # As the person is now: the socket's own view is seconds old.
    by = User.objects.get(pk=user_id)
    message = send_message(
        by=by, conversation_id=said["conversation"], content=said["content"], ref=said["ref"], now=timezone.now()
    )
    return message.pk


def _read(user_id: int, said: dict[str, Any]) -> None:
    by = User.objects.get(pk=user_id)
    mark_read(by=by, conversation_id=said["conversation"], up_to=said["up_to"], now=timezone.now())


def _checked(shape: type[serializers.Serializer], frame: dict[str, Any]) -> dict[str, Any]:
    data = shape(data=frame)
    if not data.is_valid():
        field, messages = next(iter(data.errors.items()))
        raise Invalid(f"{field}: {messages[0]}")
    values: dict[str, Any] = data.validated_data
    return values


def _is_time(user_id: int, conversation_id: int, *, now: float) -> bool:
    key = (user_id, conversation_id)
    if now - _typed.get(key, -TYPING_EVERY) < TYPING_EVERY:
        return False
    _typed[key] = now
    _typed.move_to_end(key)
    while len(_typed) > _REMEMBERED:
        _typed.popitem(last=False)
    return True
