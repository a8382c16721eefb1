"""What somebody's sockets hear, said anew and without the product's own words: what tests compare the service with."""

from collections.abc import Collection
from typing import Any

from django.db.models import Q, QuerySet

from helpdesk.events.declaration import EVENT_TYPES
from helpdesk.events.models import EventRecord


def pushed_to(user: Any, subjects: Collection[str] = ()) -> QuerySet[EventRecord]:
    """A subset of what they may see: what concerns them, and of agents what they subscribed to (`"ticket:7"`)."""
    concerned = Q(audience__contains=[user.pk])
    if user.is_agent:
        concerned |= Q(pushed_to_agents=True)
        for kind, _colon, pk in (subject.partition(":") for subject in subjects):
            concerned |= Q(subject_type=kind, subject_id=int(pk))
    silent = [name for name, event_type in EVENT_TYPES.items() if not event_type.echoed]
    return EventRecord.objects.visible_to(user).filter(concerned).exclude(actor_id=user.pk, type__in=silent)
