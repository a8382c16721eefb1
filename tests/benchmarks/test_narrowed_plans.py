"""What a narrowed agent asks for is found by indexes too: in a small queue and a large one of 20,000 tickets."""

from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection
from django.db.models import F, QuerySet
from django.db.models.functions import Mod

from helpdesk.accounts.models import User
from helpdesk.core import bulk
from helpdesk.events.models import EventRecord
from helpdesk.events.operations import sequence
from helpdesk.events.queries import after, head_position
from helpdesk.tickets.models import Ticket
from tests.benchmarks.cases import Case, Cast
from tests.benchmarks.plans import Planner
from tests.people import NOON, AdminFactory
from tests.tickets.queues import team_of

# Buffers of what is read by one descent of an index.
FEW = 10
READS = (
    "/api/tickets/",
    "/api/tickets/?ordering=-updated_at",
    "/api/tickets/?status=open",
    "/api/tickets/?search=printer",
    "/api/comments/",
)


def replay(user: User, head: int) -> QuerySet[EventRecord]:
    return after(head - 500, upto=head).concerning(user).with_sight(user)[:200]


@pytest.mark.slow
def test_a_narrowed_agent_never_makes_postgresql_read_every_ticket(db: None, settings: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE tickets_ticket, events_eventrecord CASCADE")
    AdminFactory()
    with time_machine.travel(NOON, tick=False):
        options = {"comments_per_ticket": 2, "customers": 1000, "agents": 20, "seed": 1, "stdout": StringIO()}
        call_command("generate_fake_data", tickets=20_000, **options)
    sequence()
    cast = Cast.of_this_desk()
    large, small = team_of(name="Large"), team_of(name="Small")
    Ticket.objects.update(team=large)
    Ticket.objects.annotate(rest=Mod(F("id"), 1000)).filter(rest=7).update(team=small)
    bulk.analyze(EventRecord, Ticket)
    planner = Planner(cast)
    whole: dict[str, set[str]] = {}
    for scope, team in (("team", large), ("team", small), ("assigned", small)):
        settings.AGENT_SCOPE = scope
        cast.agent.teams.set([team])
        head = head_position()
        asked: dict[str, Any] = {path: path for path in READS} | {
            "a replay": lambda head=head: replay(cast.agent, head),
            "the queue": lambda team=team: Ticket.objects.waiting().filter(team=team)[:1],
        }
        for name, ask in asked.items():
            plans = planner.plans(Case(name, "agent", ask), warm=True)
            whole[f"{scope} {team.name} {name}"] = {table for plan in plans for table in plan.whole(counting=False)}
            assert name != "the queue" or sum(plan.buffers for plan in plans) <= FEW

    assert {name: tables for name, tables in whole.items() if "tickets_ticket" in tables} == {}
