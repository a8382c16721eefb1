"""What is asked for, and by which indexes PostgreSQL must answer."""

import re
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Count, QuerySet
from django.utils import timezone

from helpdesk.accounts.models import User
from helpdesk.events.cursors import Cursor
from helpdesk.events.models import EventReceipt, EventRecord
from helpdesk.events.queries import after, head_position
from helpdesk.tickets.models import Category, Tag, Team, Ticket

TICKETS, COMMENTS, RECORDS = "tickets_ticket", "tickets_comment", "events_eventrecord"
TEXTS = "tickets_tickettext"


@dataclass(frozen=True)
class Case:
    """Asked by a role over HTTP, or by ourselves."""

    name: str
    role: str
    ask: str | Callable[[], QuerySet[Any]]
    # By these the rows of the page must be found; `a|b`: by either.
    indexes: tuple[str, ...] = ()
    # What may be read from beginning to end to count them, or to find them without any index.
    whole: AbstractSet[str] = frozenset()


@dataclass(frozen=True)
class Cast:
    """Whose requests they are: the busiest agent, an admin, and a customer with neither many nor few tickets."""

    agent: User
    admin: User
    customer: User

    @classmethod
    def of_this_desk(cls) -> "Cast":
        by_tickets = Ticket.objects.values_list("created_by").annotate(n=Count("id")).order_by("n", "created_by")
        busiest = Ticket.objects.values_list("assigned_to").exclude(assigned_to=None).annotate(n=Count("id"))
        return cls(
            agent=User.objects.get(pk=busiest.order_by("-n")[0][0]),
            admin=User.objects.filter(role="admin").earliest("id"),
            customer=User.objects.get(pk=by_tickets[by_tickets.count() // 2][0]),
        )


def cases(cast: Cast) -> list[Case]:
    return [*lists(cast), *filed(), *searches(), *details(cast), *streams(cast), *sweeps()]


def lists(cast: Cast) -> list[Case]:
    url = "/api/tickets/?"
    # Without a filter the count is exact, and 10,001 of what many tickets are have soon been met.
    broad = {
        "newest first": ("", "ticket_newest"),
        "oldest first": ("ordering=created_at", "ticket_newest"),
        "page 400": ("page=400", "ticket_newest"),
        "last changed": ("ordering=-updated_at", "ticket_updated"),
        "longest unchanged": ("ordering=updated_at", "ticket_updated"),
        "most urgent": ("ordering=-priority", "ticket_priority"),
        "least urgent": ("ordering=priority", "ticket_priority"),
        "last commented": ("ordering=-last_comment_at", "ticket_last_comment"),
        "longest silent": ("ordering=last_comment_at", "ticket_longest_silent"),
        "closed": ("status=closed", "ticket_status|ticket_newest"),
        "urgent": ("priority=urgent", "ticket_newest"),
        "not yet done": ("status__in=open,in_progress,pending", "ticket_status|ticket_newest"),
    }
    queues = {
        "open": ("status=open", "ticket_status"),
        "open, urgent": ("status=open&priority=urgent", "ticket_status|ticket_waiting"),
        "open, most urgent first": ("status=open&ordering=-priority", "ticket_status|ticket_priority"),
        "mine": ("mine=true", "ticket_assigned|ticket_newest"),
        "mine, open": ("mine=true&status=open", "ticket_assigned"),
        "nobody's": ("unassigned=true", "ticket_unassigned"),
        "nobody's, urgent": ("unassigned=true&priority=urgent", "ticket_unassigned"),
        "a customer's": (f"created_by={cast.customer.pk}", "ticket_own"),
        "of two days": ("created_at__gte=2026-11-02T00:00:00Z&created_at__lte=2026-11-04T00:00:00Z", "ticket_newest"),
    }
    own = {
        "own": ("", "ticket_own"),
        "own, last changed": ("ordering=-updated_at", "ticket_own"),
        "own, open": ("status=open", "ticket_own"),
    }
    return [
        *(Case(name, "agent", url + query, (index,), {TICKETS}) for name, (query, index) in broad.items()),
        *(Case(name, "agent", url + query, (index,)) for name, (query, index) in queues.items()),
        *(Case(name, "customer", url + query, (index,)) for name, (query, index) in own.items()),
        Case("deleted", "admin", f"{url}deleted=true", ("ticket_deleted",)),
    ]


def filed() -> list[Case]:
    """By what many tickets are filed under, and by what is new and has three of them."""
    category = Category.objects.exclude(parent=None).earliest("id")
    tag, team = Tag.objects.earliest("id"), Team.objects.earliest("id")
    new_category, new_tag = Category.objects.create(name="Quite new"), Tag.objects.create(name="quite new")
    some = Ticket.objects.filter(created_at__lte=Ticket.objects.order_by("id")[9].created_at).values("id")[:3]
    Ticket.objects.filter(id__in=some).update(category=new_category, tag_ids=[new_tag.pk])
    queries = {
        "of a category": (f"category={category.pk}", "ticket_category|ticket_newest"),
        "of a category and those below": (f"category={category.parent_id}", "ticket_category|ticket_newest"),
        "of a new category": (f"category={new_category.pk}", "ticket_category"),
        "of a tag": (f"tag={tag.name}", "ticket_tags|ticket_newest"),
        "of a new tag": (f"tag={new_tag.name}", "ticket_tags"),
        "of a team": (f"team={team.pk}", "ticket_team|ticket_newest"),
        "of a team, open": (f"team={team.pk}&status=open", "ticket_team"),
    }
    url = "/api/tickets/?"
    return [Case(name, "agent", url + query, (index,), {TICKETS}) for name, (query, index) in queries.items()]


def searches() -> list[Case]:
    titled = Ticket.objects.filter(title__regex="[0-9]{5}").order_by("id").values_list("title", flat=True)[0]
    number = re.findall("[0-9]{5}", titled)[0]
    rare = {
        "a rare word": number,
        "its beginning": number[:4],
        "inside a word": number[1:],
        "no such word": "zyzzyva",
        "a common and no such word": "error zyzzyva",
    }
    # Met soon: the tickets themselves are read, until there are enough.
    common = {
        "two common words": "error invoice",
        "a common word": "error",
        "inside common words": "nvoic",
        "everybody's word": "de",
        "two letters": "ou",
        "two letters, nowhere": "zq",
        "one sign": "%25",
    }
    words = ("ticket_text_staff",)
    url = "/api/tickets/?search="
    return [
        *(Case(f"search: {name}", "agent", url + text, words) for name, text in rare.items()),
        *(Case(f"search: {name}", "agent", url + text, (), {TICKETS, TEXTS}) for name, text in common.items()),
        *(
            Case(f"search: {name}", "customer", url + text, ("ticket_own|ticket_text_public",))
            for name, text in {**rare, **common}.items()
        ),
        Case("search: a common word, open", "agent", f"{url}error&status=open", ("ticket_status",)),
        Case(
            "search: a number",
            "agent",
            f"{url}%23{Ticket.objects.latest('id').pk}",
            ("tickets_ticket_pkey|ticket_living",),
        ),
    ]


def details(cast: Cast) -> list[Case]:
    talked = Ticket.objects.filter(comments_count__gte=5).latest("id").pk
    own = Ticket.objects.filter(created_by=cast.customer).latest("id").pk
    return [
        case
        for role, pk in (("agent", talked), ("customer", own))
        for case in (
            Case("a ticket", role, f"/api/tickets/{pk}/", ("tickets_ticket_pkey|ticket_living", "comment_of_ticket")),
            Case("its comments", role, f"/api/tickets/{pk}/comments/", ("comment_of_ticket",)),
            Case("its timeline", role, f"/api/tickets/{pk}/timeline/", ("event_subject",)),
        )
    ] + [
        # Without a filter the count is exact: it has to look at all of them.
        Case("all comments", "agent", "/api/comments/", ("comment_oldest",), {COMMENTS, TICKETS}),
        Case("all comments", "customer", "/api/comments/", ("comment_of_ticket", "ticket_own")),
    ]


def streams(cast: Cast) -> list[Case]:
    head, ticket = head_position(), Ticket.objects.latest("id").pk
    begin, lately = (Cursor(position=position, at=timezone.now()) for position in (0, head - 100))
    url, position = "/api/events/?after=", "events_eventrecord_position_key"

    def replay(user: User, since: int) -> QuerySet[EventRecord]:
        return after(since, upto=head).concerning(user).with_sight(user)[:200]

    return [
        Case("events, of late", "agent", f"{url}{lately}", (position,)),
        Case("events, from the beginning", "agent", f"{url}{begin}", (position,)),
        Case("events of a ticket", "agent", f"{url}{begin}&ticket={ticket}", ("event_subject",)),
        Case("events of a type", "agent", f"{url}{lately}&types=status_changed", (position,)),
        Case("events, of late", "customer", f"{url}{lately}", (position,)),
        Case("events, from the beginning", "customer", f"{url}{begin}", ("ticket_own", f"event_subject|{position}")),
        Case("socket's replay, of late", "agent", lambda: replay(cast.agent, head - 100), (position,)),
        Case("socket's replay, of late", "customer", lambda: replay(cast.customer, head - 100), (position,)),
    ]


def sweeps() -> list[Case]:
    due = EventReceipt.objects.select_related("record").filter(state="pending", due_at__lte=timezone.now())
    unnumbered = EventRecord.objects.filter(position=None).order_by("id").values("id")
    return [
        Case("receipts due", "beat", lambda: due.order_by("record_id", "id")[:200], ("event_receipt_due",)),
        Case("records without a position", "beat", lambda: unnumbered, ("event_unsequenced",)),
    ]


def add_receipts() -> None:
    """Loaded events have none; real ones have one for each subscriber, nearly all of them done."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO events_eventreceipt (record_id, subscriber, state, attempts, due_at, error)"
            " SELECT id, 'plans', CASE WHEN id % 5000 = 0 THEN 'pending' ELSE 'done' END, 0, occurred_at, ''"
            " FROM events_eventrecord ORDER BY id DESC LIMIT 500000 ON CONFLICT DO NOTHING"
        )
        cursor.execute("ANALYZE events_eventreceipt")
