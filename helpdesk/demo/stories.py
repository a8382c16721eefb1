"""A plot becomes a story: with people, words and times."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import accumulate
from operator import attrgetter
from random import Random
from typing import Any, Final

from helpdesk.accounts.models import User
from helpdesk.demo.filing import Place, Places
from helpdesk.demo.office_hours import later
from helpdesk.demo.plots import BY_CUSTOMER, MOVES, SENTENCES, delay, plot
from helpdesk.demo.texts import Talk
from helpdesk.tickets.enums import Priority
from helpdesk.tickets.operations.bulk_load import Changed, Said, Story

# How many of a hundred customers choose a category; of the other tickets, the agent who takes one does.
_FILED = 85
# How many tags a ticket bears, and how often.
_TAGS: Final = {0: 40, 1: 40, 2: 20}
_PRIORITIES: Final = {Priority.LOW: 25, Priority.MEDIUM: 48, Priority.HIGH: 20, Priority.URGENT: 7}


def write_story(
    rng: Random,
    *,
    customer: User,
    agents: Sequence[User],
    at: datetime,
    end: datetime,
    sentences: int,
    places: Places,
) -> Story:
    """What happened to a ticket opened by the customer `at` that time, until `end` at most."""
    talk = Talk(customer.language, rng)
    title, description = talk.title(), talk.description()
    priority = rng.choices(list(_PRIORITIES), list(_PRIORITIES.values()))[0]
    place = places.get((customer.language, talk.topic))
    colleagues = (place and place.agents) or agents
    agent = rng.choice(colleagues) if colleagues else None
    filed = _filed(rng, place)
    by_customer = rng.randrange(100) < _FILED
    names = plot(rng, age=end - at, sentences=sentences, staffed=agent is not None)
    steps: list[Said | Changed] = []
    for name, when in zip(names, _times(rng, names, at, end), strict=True):
        by = customer if agent is None or name in BY_CUSTOMER else agent
        if name in SENTENCES:
            if name == "notes":
                by = rng.choice(agents)
            steps.append(Said(by=by, at=when, content=talk.sentence(name), is_internal=name == "notes"))
        else:
            changes: dict[str, Any] = {"status": MOVES[name]} if name in MOVES else {"assigned_to": agent}
            if name == "take" and not by_customer:
                changes |= filed
            steps.append(Changed(by=by, at=when, changes=changes))
    return Story(
        by=customer,
        at=at,
        title=title,
        description=description,
        priority=priority,
        steps=steps,
        **(filed if by_customer else {}),
    )


def _filed(rng: Random, place: Place | None) -> dict[str, Any]:
    if place is None:
        return {}
    tags = rng.sample(place.tags, rng.choices(list(_TAGS), list(_TAGS.values()))[0])
    marked = {"tags": sorted(tags, key=attrgetter("name"))} if tags else {}
    return {"category": place.category, "team": place.team, **marked}


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
