"""Every change to teams and to who is in them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from helpdesk.accounts.models import User
from helpdesk.accounts.roles import Permission
from helpdesk.core.errors import FieldError, Invalid
from helpdesk.events.operations import publish
from helpdesk.tickets.catalog_events import TeamCreated, TeamDeleted, TeamUpdated
from helpdesk.tickets.enums import Assignment
from helpdesk.tickets.models import Category, Membership, Team, Ticket
from helpdesk.tickets.operations.catalog import CatalogRowNotFound, InUse, edits_of, save_named
from helpdesk.tickets.operations.filing import one_line


class NotAgents(Invalid):
    """Names each of them, by its place in the list."""

    def __init__(self, places: Collection[int]) -> None:
        message = _("Only active agents are members of a team.")
        super().__init__(message, errors=[FieldError(f"members.{place}", "not_an_agent", message) for place in places])


@transaction.atomic
def create_team(
    *,
    by: User | None,
    name: str,
    now: datetime,
    assignment: str = Assignment.MANUAL,
    members: Sequence[int] = (),
) -> Team:
    """`members` are ids of agents."""
    people = _agents(members)
    team = Team(name=one_line(name), assignment=assignment)
    save_named(team)
    Membership.objects.bulk_create(Membership(team=team, user=person) for person in people)
    publish(TeamCreated(team=team_row(team, people)), by=by, now=now)
    return team


@transaction.atomic
def update_team(*, by: User | None, team_id: int, changes: dict[str, Any], now: datetime) -> Team:
    """Write the named of `name`, `assignment` and `members`, who are all that it will have."""
    team = Team.objects.select_for_update(no_key=True).filter(pk=team_id).first()
    if team is None:
        raise CatalogRowNotFound
    before = after = _members(team)
    columns = {field: value for field, value in changes.items() if field != "members"}
    old = {field: getattr(team, field) for field in columns}
    for field, value in columns.items():
        setattr(team, field, one_line(value) if field == "name" else value)
    edits = edits_of(team, old)
    if "members" in changes and set(changes["members"]) != {person.pk for person in before}:
        after = _agents(changes["members"])
        _replace(team, before, after)
        edits["members"] = [_people(before), _people(after)]
    if edits:
        team.version += 1
        save_named(team, update_fields=[*(edits.keys() & columns.keys()), "version"])
        publish(TeamUpdated(team=team_row(team, after), edits=edits), by=by, now=now)
    return team


@transaction.atomic
def delete_team(*, by: User, team_id: int, now: datetime) -> None:
    team = Team.objects.select_for_update().filter(pk=team_id).first()
    if team is None:
        raise CatalogRowNotFound
    if Ticket.objects.filter(team=team).exists() or Category.objects.filter(team=team).exists():
        raise InUse(_("Tickets or categories belong to it."))
    row = team_row(team, _members(team))
    team.delete()
    publish(TeamDeleted(team=row), by=by, now=now)


def team_row(team: Team, members: Sequence[User]) -> dict[str, Any]:
    return {
        "id": team.pk,
        "name": team.name,
        "assignment": str(team.assignment),
        "members": _people(members),
    }


def _replace(team: Team, before: Sequence[User], after: Sequence[User]) -> None:
    """Who stays keeps the place in the turn."""
    stay = {person.pk for person in before} & {person.pk for person in after}
    Membership.objects.filter(team=team).exclude(user__in=stay).delete()
    Membership.objects.bulk_create(Membership(team=team, user=person) for person in after if person.pk not in stay)


def _members(team: Team) -> list[User]:
    """Also those who are no agents by now: they come back as members if they come back as agents."""
    return list(team.members.order_by("pk"))


def _agents(ids: Sequence[int]) -> list[User]:
    agents = User.objects.who_may(Permission.BE_ASSIGNED).in_bulk(ids)
    others = [place for place, pk in enumerate(ids) if pk not in agents]
    if others:
        raise NotAgents(others)
    return [agents[pk] for pk in sorted(agents)]


def _people(members: Sequence[User]) -> list[dict[str, Any]]:
    return [person.as_dict() for person in members]
