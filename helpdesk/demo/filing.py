"""What demo tickets are filed under, in the languages of their customers: made once, found again by the next load."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from helpdesk.accounts.models import User
from helpdesk.demo.texts import LANGUAGES, phrases
from helpdesk.tickets.models import Category, Tag, Team
from helpdesk.tickets.operations import catalog, teams


@dataclass(frozen=True)
class Place:
    """Where tickets about one topic belong, and who looks after them."""

    category: Category
    team: Team
    tags: Sequence[Tag]
    agents: Sequence[User]


# language and topic -> where it belongs
Places = Mapping[tuple[str, str], Place]


@transaction.atomic
def add_places(*, agents: Sequence[User], now: datetime) -> Places:
    """Also make the agents members of the teams that speak their language."""
    with connection.cursor() as cursor:
        # Two loads at once would make the same twice.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('demo filing', 0))")
    return {
        (language, topic): _place(place, [agent for agent in agents if agent.language == language], now=now)
        for language in LANGUAGES
        for topic, place in phrases(language)["filing"].items()
    }


def _place(place: dict[str, Any], agents: Sequence[User], *, now: datetime) -> Place:
    team = _team(place["team"], agents, now=now)
    above, below = place["category"]
    category = _category(below, parent=_category(above, parent=None, team=None, now=now), team=team, now=now)
    return Place(category=category, team=team, tags=[_tag(name, now=now) for name in place["tags"]], agents=agents)


def _team(name: str, agents: Sequence[User], *, now: datetime) -> Team:
    team = Team.objects.filter(name__iexact=name).first() or teams.create_team(by=None, name=name, now=now)
    members = [*team.members.values_list("pk", flat=True), *(agent.pk for agent in agents)]
    return teams.update_team(by=None, team_id=team.pk, changes={"members": members}, now=now)


def _category(name: str, *, parent: Category | None, team: Team | None, now: datetime) -> Category:
    found = Category.objects.filter(name__iexact=name, parent=parent).first()
    ids: dict[str, Any] = {field: row.pk for field, row in (("parent", parent), ("team", team)) if row}
    return found or catalog.create_category(by=None, name=name, now=now, **ids)


def _tag(name: str, *, now: datetime) -> Tag:
    return Tag.objects.filter(name__iexact=name).first() or catalog.create_tag(by=None, name=name, now=now)
