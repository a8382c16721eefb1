"""Reads: pages as plain values, in one statement, and what the wire makes of them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext_lazy as _

from helpdesk.accounts.models import User
from helpdesk.chat.models import Attachment, ChatFileQuerySet, Member, Message, MessageQuerySet
from helpdesk.core.errors import FieldError, Invalid

LONGEST_SEARCH: Final = 200
MOST_WORDS: Final = 10
_USER: Final = ("id", "username", "name", "role")

# The address of a file's bytes, by its id.
Link = Callable[[int], str]


class SearchTooLong(Invalid):
    def __init__(self) -> None:
        message = _("Search for up to %(words)d words, in up to %(letters)d characters.") % {
            "words": MOST_WORDS,
            "letters": LONGEST_SEARCH,
        }
        super().__init__(message, errors=[FieldError("search", "too_long", message)])


def _columns(path: str) -> list[str]:
    return [f"{path}__{field}" for field in _USER]


def _person(row: dict[str, Any], path: str) -> dict[str, Any]:
    return {field: row[f"{path}__{field}"] for field in _USER}


def conversations_of(user: User) -> QuerySet[Member]:
    """As the user sees them, the latest first."""
    return Member.objects.filter(user=user).order_by("-updated_at", "-id")


def conversation_values(members: QuerySet[Member], *, user: User) -> QuerySet[Any, dict[str, Any]]:
    theirs = Member.objects.filter(conversation=OuterRef("conversation"), user=OuterRef("other"))
    last = [f"last_message__{column}" for column in ("id", "content", "created_at")]
    values: QuerySet[Any, dict[str, Any]] = members.values(
        *("id", "conversation_id", "unread_count", "updated_at", "read_up_to"),
        *_columns("other"),
        *last,
        *_columns("last_message__author"),
        read_by_other=Subquery(theirs.values("read_up_to")),
        can_write=Exists(User.objects.reachable_by(user).filter(pk=OuterRef("other"))),
    )
    return values


def conversation_bodies(
    rows: Sequence[dict[str, Any]], *, online: Mapping[int, bool], link: Link
) -> list[dict[str, Any]]:
    last = {row["last_message__id"]: _last_message(row) for row in rows if row["last_message__id"]}
    _add_attachments(last, link=link)
    return [
        {
            "id": row["conversation_id"],
            "with": _person(row, "other"),
            # Who may not write to somebody does not see their presence either.
            "online": row["can_write"] and online.get(row["other__id"], False),
            "can_write": row["can_write"],
            "unread_count": row["unread_count"],
            "read_up_to": row["read_up_to"],
            "read_by_other": row["read_by_other"],
            "last_message": last.get(row["last_message__id"]),
            "updated_at": row["updated_at"],
        }
        for row in rows
    ]


def _last_message(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": row["last_message__id"],
        "conversation": row["conversation_id"],
        "author": _person(row, "last_message__author"),
        "content": row["last_message__content"],
        "attachments": [],
        "created_at": row["last_message__created_at"],
    }


def found(messages: MessageQuerySet, text: str) -> MessageQuerySet:
    """Those in which every word occurs, accents and case aside, in the text or in the name of a file."""
    words = text.split()
    if len(words) > MOST_WORDS or len(text) > LONGEST_SEARCH:
        raise SearchTooLong
    for word in words:
        files = Attachment.objects.filter(message=OuterRef("pk"), filename__unaccent__icontains=word)
        messages = messages.filter(Q(content__unaccent__icontains=word) | Q(Exists(files)))
    return messages


def message_values(messages: MessageQuerySet) -> QuerySet[Any, dict[str, Any]]:
    values: QuerySet[Any, dict[str, Any]] = messages.values(
        "id", "conversation_id", "content", "created_at", *_columns("author")
    )
    return values


def message_bodies(rows: Iterable[dict[str, Any]], *, link: Link) -> list[dict[str, Any]]:
    bodies = {
        row["id"]: {
            "id": row["id"],
            "conversation": row["conversation_id"],
            "author": _person(row, "author"),
            "content": row["content"],
            "attachments": [],
            "created_at": row["created_at"],
        }
        for row in rows
    }
    _add_attachments(bodies, link=link)
    return list(bodies.values())


def _add_attachments(messages: Mapping[int, dict[str, Any]], *, link: Link) -> None:
    """Give each of these visible messages its files, in one statement for all."""
    of_them = Attachment.objects.filter(message__in=list(messages)).order_by("id")
    for row in attachment_values(of_them):
        messages[row["message_id"]]["attachments"].append(attachment_body(row, link=link))


def attachment_values(attachments: ChatFileQuerySet) -> QuerySet[Any, dict[str, Any]]:
    values: QuerySet[Any, dict[str, Any]] = attachments.values(
        *("id", "message_id", "filename", "content_type", "size", "message__created_at"),
        *("blob__sha256", "blob__storage_name"),
        *_columns("message__author"),
    )
    return values


def attachment_body(row: dict[str, Any], *, link: Link) -> dict[str, Any]:
    return {
        "id": row["id"],
        "filename": row["filename"],
        "content_type": row["content_type"],
        "size": row["size"],
        "sha256": row["blob__sha256"],
        "uploaded_by": _person(row, "message__author"),
        "created_at": row["message__created_at"],
        "url": link(row["id"]),
    }


def unread(user: User) -> dict[str, Any]:
    """How many messages of others wait for the user, and where."""
    rows = Member.objects.filter(user=user, unread_count__gt=0).order_by("conversation_id")
    counts = dict(rows.values_list("conversation_id", "unread_count"))
    return {"total": sum(counts.values()), "conversations": {str(pk): count for pk, count in counts.items()}}


def is_unread(*, conversation_id: int, user_id: int) -> bool:
    members = Member.objects.filter(conversation=conversation_id, user=user_id, unread_count__gt=0)
    return members.exists()


def message_of(pk: int) -> QuerySet[Any, dict[str, Any]]:
    return message_values(Message.objects.filter(pk=pk))
