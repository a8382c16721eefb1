"""Any number of tickets with conversations, the same again for the same seed."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from math import exp
from random import Random
from typing import Final

from helpdesk.accounts.models import User
from helpdesk.demo.filing import Places, add_places
from helpdesk.demo.office_hours import moments
from helpdesk.demo.stories import write_story
from helpdesk.tickets.operations.bulk_load import BATCH, Report, Story, bulk_load

_SPREAD: Final = 0.8
# The mean of what is distributed so.
_USUAL: Final = exp(_SPREAD**2 / 2)


def add_tickets(
    *,
    customers: Sequence[User],
    agents: Sequence[User],
    tickets: int,
    comments_per_ticket: int,
    days: int,
    seed: int,
    now: datetime,
    batch_size: int = BATCH,
    report: Report = lambda _tickets, _comments: None,
) -> None:
    """Load the tickets, oldest first; `report` hears after each batch how many tickets and comments there are."""
    told = stories(
        customers=customers,
        agents=agents,
        tickets=tickets,
        comments=tickets * comments_per_ticket,
        days=days,
        seed=seed,
        now=now,
        places=add_places(agents=agents, now=now),
    )
    bulk_load(told, expected=tickets, now=now, batch_size=batch_size, report=report)


def stories(
    *,
    customers: Sequence[User],
    agents: Sequence[User],
    tickets: int,
    comments: int,
    days: int,
    seed: int,
    now: datetime,
    places: Places | None = None,
) -> Iterator[Story]:
    """One by one, since a million do not fit into the memory of a small machine.

    They end with the last full hour. Each has a source of chance of its own: another hour makes it older, and its
    conversation longer or shorter, but who asks what stays.
    """
    end = now.replace(minute=0, second=0, microsecond=0)
    opened = moments(Random(f"{seed} moments"), end - timedelta(days=days), end, tickets)
    shares = uneven_shares(Random(f"{seed} shares"), tickets, comments)
    for number, (at, sentences) in enumerate(zip(opened, shares, strict=True)):
        rng = Random(f"{seed} {number}")
        customer = _busy(rng, customers)
        yield write_story(
            rng, customer=customer, agents=agents, at=at, end=end, sentences=sentences, places=places or {}
        )


def _busy(rng: Random, customers: Sequence[User]) -> User:
    """A few of them write most of the tickets."""
    return customers[int(len(customers) * rng.random() ** 1.6)]


def uneven_shares(rng: Random, parts: int, total: int) -> Iterator[int]:
    """So many whole numbers, of which most are small and a few large, that sum up to the total."""
    for left in range(parts, 0, -1):
        weight = rng.lognormvariate(0, _SPREAD)
        # Of what is left now, as if all that follow had the usual weight; the last one takes the rest.
        share = total * weight / (weight + _USUAL * (left - 1))
        whole = min(total, int(share + rng.random()))
        total -= whole
        yield whole
