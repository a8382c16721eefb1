"""The frames of agents about tickets: what they want to hear of, and what they look at."""

from collections.abc import Collection
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from helpdesk.accounts.models import User
from helpdesk.accounts.roles import Permission
from helpdesk.core.errors import Forbidden, NotFound
from helpdesk.realtime.database import for_socket
from helpdesk.realtime.frames import Speaker
from helpdesk.realtime.subscriptions import MOST
from helpdesk.realtime.wire import MalformedFrame
from helpdesk.tickets.models import Ticket

_LARGEST: Final = 2**63 - 1


async def subscribe(speaker: Speaker, content: dict[str, Any]) -> None:
    """What is not there, or not theirs to see, is not in the answer; an `error` follows, the same for both."""
    _require_agent(speaker)
    wanted = _tickets(content)
    seen = await for_socket(_seen, speaker.user, wanted)
    if seen:
        cursor = await speaker.subscribe([_subject(pk) for pk in seen])
        await speaker.say({"type": "subscribed", "tickets": seen, "cursor": cursor, **_ref(content)})
        for pk in seen:
            await speaker.tell_who_looks_at(_subject(pk))
    if len(seen) < len(wanted):
        raise NotFound(_("Some of these tickets do not exist."))


async def unsubscribe(speaker: Speaker, content: dict[str, Any]) -> None:
    """Also from what was lost, or never was: the answer is the same."""
    _require_agent(speaker)
    wanted = _tickets(content)
    cursor = await speaker.unsubscribe([_subject(pk) for pk in wanted])
    await speaker.say({"type": "unsubscribed", "tickets": wanted, "cursor": cursor, **_ref(content)})


async def viewing(speaker: Speaker, content: dict[str, Any]) -> None:
    _require_agent(speaker)
    ticket, composing = content.get("ticket", ""), content.get("composing", False)
    if not isinstance(composing, bool) or not (ticket is None or _is_id(ticket)):
        raise MalformedFrame(
            _("“viewing” brings a “ticket”, its id or null, and may bring “composing”, true or false.")
        )
    if ticket is None:
        speaker.look_at(None)
        return
    if not await for_socket(_seen, speaker.user, [ticket]):
        raise NotFound(_("There is no such ticket."))
    speaker.look_at(_subject(ticket), composing=composing)
    await speaker.tell_who_looks_at(_subject(ticket))


def _require_agent(speaker: Speaker) -> None:
    if not speaker.user.may(Permission.SEE_STAFF_EVENTS):
        raise Forbidden(_("Only agents can do this."))


def _tickets(content: dict[str, Any]) -> list[int]:
    """The ids, each once."""
    tickets = content.get("tickets")
    if not isinstance(tickets, list) or not 0 < len(tickets) <= MOST or not all(_is_id(pk) for pk in tickets):
        raise MalformedFrame(_("This frame brings “tickets”, a list of 1 to 500 ids."))
    return list(dict.fromkeys(tickets))


def _is_id(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _seen(user: User, ids: Collection[int]) -> list[int]:
    known = [pk for pk in ids if 0 < pk <= _LARGEST]
    seen = set(Ticket.objects.visible_to(user).filter(pk__in=known).values_list("pk", flat=True))
    return [pk for pk in known if pk in seen]


def _subject(pk: int) -> str:
    return f"ticket:{pk}"


def _ref(content: dict[str, Any]) -> dict[str, str]:
    ref = content.get("ref")
    return {"ref": ref} if isinstance(ref, str) else {}
