"""A plot becomes a story: with people, words and times."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import accumulate
from random import Random
from typing import Final

from helpdesk.accounts.models import User
from helpdesk.demo.office_hours import later
from helpdesk.demo.plots import BY_CUSTOMER, MOVES, SENTENCES, delay, plot
from helpdesk.demo.texts import Talk
from helpdesk.tickets.enums import Priority
from helpdesk.tickets.operations.bulk_load import Changed, Said, Story

_PRIORITIES: Final = {Priority.LOW: 25, Priority.MEDIUM: 48, Priority.HIGH: 20, Priority.URGENT: 7}


def write_story(
    rng: Random, *, customer: User, agents: Sequence[User], at: datetime, end: datetime, sentences: int
) -> Story:
    """What happened to a ticket opened by the customer `at` that time, until `end` at most."""
    talk = Talk(customer.language, rng)
    title, description = talk.title(), talk.description()
    priority = rng.choices(list(_PRIORITIES), list(_PRIORITIES.values()))[0]
    agent = rng.choice(agents) if agents else None
    names = plot(rng, age=end - at, sentences=sentences, staffed=agent is not None)
    steps: list[Said | Changed] = []
    for name, when in zip(names, _times(rng, names, at, end), strict=True):
        by = customer if agent is None or name in BY_CUSTOMER else agent
        if name in SENTENCES:
            if name == "notes":
                by = rng.choice(agents)
            steps.append(Said(by=by, at=when, content=talk.sentence(name), is_internal=name == "notes"))
        else:
            changes = {"status": MOVES[name]} if name in MOVES else {"assigned_to": agent}
            steps.append(Changed(by=by, at=when, changes=changes))
    return Story(by=customer, at=at, title=title, description=description, priority=priority, steps=steps)


def _times(rng: Random, names: list[str], at: datetime, end: datetime) -> list[datetime]:
    """One for each step: in office hours, or closer together where these would reach beyond the end."""
    delays = [delay(rng, name) for name in names]
    times: list[datetime] = []
    last = at
    for wait in delays:
        last = later(last, wait) if wait else last
        times.append(last)
    if last < end:
        return times
    total = sum(delays, timedelta()) * 1.05
    return [at + (end - at) * (passed / total) for passed in accumulate(delays)]
