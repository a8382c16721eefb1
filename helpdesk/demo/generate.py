"""Any number of tickets with conversations, the same again for the same seed."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import accumulate
from random import Random
from typing import Final

from helpdesk.accounts.models import User
from helpdesk.core import bulk
from helpdesk.demo.office_hours import moment
from helpdesk.demo.stories import write_story
from helpdesk.events.models import EventRecord
from helpdesk.tickets.models import Comment, Ticket
from helpdesk.tickets.operations.bulk_load import bulk_load

BATCH: Final = 1000

Report = Callable[[int, int], None]


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
    """Load the tickets, oldest first, one transaction a batch; `report` hears how many tickets and comments there are.

    The story ends with the last full hour, so that the minute of the call changes nothing.
    """
    rng = Random(seed)
    end = now.replace(minute=0, second=0, microsecond=0)
    begin = end - timedelta(days=days)
    opened = sorted(moment(rng, begin, end) for _ in range(tickets))
    shares = uneven_shares(rng, tickets, tickets * comments_per_ticket)
    comments = 0
    for first in range(0, tickets, batch_size):
        batch = slice(first, first + batch_size)
        stories = [
            write_story(rng, customer=_busy(rng, customers), agents=agents, at=at, end=end, sentences=sentences)
            for at, sentences in zip(opened[batch], shares[batch], strict=True)
        ]
        comments += bulk_load(stories)
        report(first + len(stories), comments)
    bulk.analyze(User, Ticket, Comment, EventRecord)


def _busy(rng: Random, customers: Sequence[User]) -> User:
    """A few of them write most of the tickets."""
    return customers[int(len(customers) * rng.random() ** 1.6)]


def uneven_shares(rng: Random, parts: int, total: int) -> list[int]:
    """So many whole numbers, of which most are small and a few large, that sum up to the total."""
    if not parts:
        return []
    sums = list(accumulate(rng.lognormvariate(0, 0.8) for _ in range(parts)))
    ends = [round(total * part / sums[-1]) for part in sums]
    return [end - start for start, end in zip([0, *ends], ends, strict=False)]
