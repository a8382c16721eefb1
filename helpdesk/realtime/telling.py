"""What of an event a socket is told. The one rule, for the live stream and for a replay."""

from typing import Final, NamedTuple

from helpdesk.accounts.models import User
from helpdesk.accounts.scopes import is_narrowed
from helpdesk.events.declaration import EVENT_TYPES
from helpdesk.events.models import EventRecord
from helpdesk.events.visibility import may_be_lost

# Whose members see what stands in its queue: more than one event could name.
_QUEUE: Final = "team"


class Told(NamedTuple):
    """In this order: "you see it", the event, "you see it no more"."""

    granted: bool
    event: bool
    revoked: bool


class Sight(NamedTuple):
    """As it is when it is sent: whether the user may read the subject's history, and whether the subject is there."""

    in_sight: bool
    lives: bool


def told(record: EventRecord, user: User, sight: Sight, *, subscribed: bool) -> Told:
    """Nobody is told of a ticket that they never could see: they are in the record, or subscribed, or see it now."""
    event = _is_pushed(record, user, sight, subscribed=subscribed)
    if record.subject_type == _QUEUE:
        narrowed = user.is_agent and is_narrowed(user.role)
        return Told(narrowed and user.pk in record.gained_by, event, narrowed and user.pk in record.lost_by)
    if not may_be_lost(record.subject_type):
        return Told(granted=False, event=event, revoked=False)
    return Told(
        granted=_is_granted(record, user, sight),
        event=event,
        revoked=_is_revoked(record, user, sight, subscribed=subscribed),
    )


def _is_pushed(record: EventRecord, user: User, sight: Sight, *, subscribed: bool) -> bool:
    """Whether the user's sockets hear the event itself."""
    if not sight.in_sight or (record.staff_only and not user.is_agent):
        return False
    event_type = EVENT_TYPES.get(record.type)
    if event_type and not event_type.echoed and record.actor_id == user.pk:
        return False
    return user.pk in record.audience or (user.is_agent and (record.pushed_to_agents or subscribed))


def _is_granted(record: EventRecord, user: User, sight: Sight) -> bool:
    if not sight.lives:
        return False
    event_type = EVENT_TYPES.get(record.type)
    if event_type and event_type.shows:
        return user.is_agent or user.pk in record.audience
    # What one did oneself has its answer; an agent hears of the opening itself, and sees everything unless narrowed.
    if user.pk not in record.gained_by or user.pk == record.actor_id:
        return False
    return not user.is_agent or (is_narrowed(user.role) and not record.pushed_to_agents)


def _is_revoked(record: EventRecord, user: User, sight: Sight, *, subscribed: bool) -> bool:
    if not sight.in_sight:
        could_see = user.pk in {*record.audience, *record.gained_by, *record.lost_by} or subscribed
        return could_see and (user.is_agent or not record.staff_only)
    event_type = EVENT_TYPES.get(record.type)
    hidden = bool(event_type and event_type.hides) and not sight.lives
    return hidden and (user.is_agent or user.pk in record.audience)
