"""A conversation begins, once a pair; and the one lock under which everything in it changes."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from helpdesk.accounts.models import User
from helpdesk.chat.models import Conversation, Member
from helpdesk.core.errors import Conflict, FieldError, Invalid, NotFound


class ConversationNotFound(NotFound):
    def __init__(self) -> None:
        super().__init__(_("Not found."))


class NoSuchPerson(Invalid):
    """Not there, inactive, oneself, or not to be written to: all alike."""

    def __init__(self) -> None:
        message = _("There is nobody of this id whom you may write to.")
        super().__init__(message, errors=[FieldError("user", "does_not_exist", message)])


class NotReachable(Conflict):
    """The two could chat once: what was said can be read, and nothing be added."""

    code = "not_reachable"

    def __init__(self) -> None:
        super().__init__(_("You cannot write to this person any more."))


@transaction.atomic
def open_conversation(*, by: User, user_id: int, now: datetime) -> tuple[Conversation, bool]:
    """The pair's one conversation, and whether it is new. Of two who open it at once, one finds the other's."""
    low, high = sorted((by.pk, user_id))
    if (found := Conversation.objects.filter(low=low, high=high).first()) is not None:
        return found, False
    if not User.objects.reachable_by(by).filter(pk=user_id).exists():
        raise NoSuchPerson
    begun = {"created_at": now, "updated_at": now}
    conversation, is_new = Conversation.objects.get_or_create(low_id=low, high_id=high, defaults=begun)
    if is_new:
        Member.objects.bulk_create(
            Member(conversation=conversation, user_id=one, other_id=other, updated_at=now)
            for one, other in ((low, high), (high, low))
        )
    return conversation, is_new


def lock_conversation(conversation_id: int, *, by: User) -> Conversation:
    own = Conversation.objects.visible_to(by).select_for_update(of=("self",))
    conversation = own.filter(pk=conversation_id).first()
    if conversation is None:
        raise ConversationNotFound
    return conversation


def require_reachable(conversation: Conversation, *, by: User) -> None:
    """Asked at each message: people are deactivated, and change their roles."""
    if not User.objects.reachable_by(by).filter(pk=conversation.other_than(by.pk)).exists():
        raise NotReachable


def find_listener(*, by: User, conversation_id: int) -> int:
    """The id of the other one, as long as the two may chat."""
    conversation = Conversation.objects.visible_to(by).filter(pk=conversation_id).first()
    if conversation is None:
        raise ConversationNotFound
    require_reachable(conversation, by=by)
    return conversation.other_than(by.pk)
