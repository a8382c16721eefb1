"""Who hears of what by e-mail: the table of the public contract, as functions."""

from collections.abc import Callable
from typing import Any

from django.conf import settings

from helpdesk.accounts.events import (
    EmailVerificationRequested,
    IdentityLinked,
    PasswordResetRequested,
    RegisteredAgain,
    UserEvent,
    UserInvited,
    UserUpdated,
)
from helpdesk.chat.events import MessagesWaiting
from helpdesk.events.declaration import Event
from helpdesk.notifications.enums import Template
from helpdesk.tickets.events import CommentAdded, NoteAdded, StatusChanged, TicketAssigned, TicketCreated, TicketEvent
from helpdesk.tickets.models import Comment, Ticket, agents_who_see

# Which mail each user is owed, by user id: one mail a person and event.
Mails = dict[int, Template]


def _ticket_created(event: TicketCreated, actor_id: int | None) -> Mails:
    mails = _all_but(actor_id, _agents_who_see(event), Template.TICKET_CREATED)
    if settings.TICKET_RECEIPT_EMAIL:
        mails[event.creator_id] = Template.TICKET_RECEIPT
    return mails


def _ticket_assigned(event: TicketAssigned, actor_id: int | None) -> Mails:
    if event.new_assignee is None:
        return {}
    return _all_but(actor_id, {event.new_assignee["id"]}, Template.TICKET_ASSIGNED)


def _status_changed(event: StatusChanged, actor_id: int | None) -> Mails:
    return _all_but(actor_id, {event.creator_id}, Template.STATUS_CHANGED)


def _comment_added(event: CommentAdded, actor_id: int | None) -> Mails:
    return _all_but(actor_id, {event.creator_id, *event.assignee_ids}, Template.COMMENT_ADDED)


def _note_added(event: NoteAdded, actor_id: int | None) -> Mails:
    # Only those who wrote before it: hearing of the note later must not find more readers.
    wrote = Comment.objects.filter(ticket_id=event.ticket_id, pk__lt=event.comment_id, deleted_at=None)
    concerned = {*event.assignee_ids, *wrote.values_list("author_id", flat=True)}
    return _all_but(actor_id, _agents_who_see(event) & concerned, Template.NOTE_ADDED)


def _agents_who_see(event: TicketEvent) -> set[int]:
    """As it stands now: a ticket may have changed its team or assignee meanwhile."""
    agents = agents_who_see(Ticket.objects.filter(pk=event.ticket_id))
    return set(agents.values_list("pk", flat=True))


def _told_of(event: UserUpdated, _actor_id: int | None) -> Mails:
    """Whoever changed it: also of what was done by oneself, since it may have been somebody else."""
    told = [template for field, template in _TOLD_OF.items() if field in event.values]
    return {event.user["id"]: told[0]} if told else {}


def _the_person(template: Template) -> Callable[[UserEvent, int | None], Mails]:
    return lambda event, _actor_id: {event.user["id"]: template}


def _all_but(actor_id: int | None, users: set[int], template: Template) -> Mails:
    return dict.fromkeys(users - {actor_id}, template)


# Which field's change is told. No operation changes both at once: one mail a person and event.
_TOLD_OF = {"password": Template.PASSWORD_CHANGED, "email": Template.EMAIL_CHANGED}
_MAILS: dict[type[Event], Callable[[Any, int | None], Mails]] = {
    TicketCreated: _ticket_created,
    TicketAssigned: _ticket_assigned,
    StatusChanged: _status_changed,
    CommentAdded: _comment_added,
    NoteAdded: _note_added,
    EmailVerificationRequested: _the_person(Template.EMAIL_VERIFICATION),
    RegisteredAgain: _the_person(Template.REGISTERED_AGAIN),
    PasswordResetRequested: _the_person(Template.PASSWORD_RESET),
    UserInvited: _the_person(Template.INVITATION),
    UserUpdated: _told_of,
    IdentityLinked: _the_person(Template.IDENTITY_LINKED),
    MessagesWaiting: lambda event, _actor_id: {event.recipient_id: Template.MESSAGES_WAITING},
}


EVENTS = tuple(_MAILS)


def mails_of(event: Event, *, actor_id: int | None) -> Mails:
    """Whom the event owes which mail, before asking whether they can be reached."""
    return _MAILS[type(event)](event, actor_id)
