"""Every list, search and stream walks its index; found out on 20,000 tickets, where reading everything no longer pays."""

from io import StringIO

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection

from helpdesk.core import bulk
from helpdesk.events.models import EventRecord
from helpdesk.events.operations import sequence
from helpdesk.tickets.models import Ticket
from tests.benchmarks.cases import Cast, add_receipts, cases
from tests.benchmarks.plans import Planner, faults
from tests.people import NOON, AdminFactory


@pytest.mark.slow
def test_every_request_is_answered_by_its_indexes(db):
    # New files: what other tests rolled back would still count as pages.
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE tickets_ticket, events_eventrecord CASCADE")
    AdminFactory()
    with time_machine.travel(NOON, tick=False):
        call_command(
            "generate_fake_data",
            tickets=20_000,
            comments_per_ticket=2,
            customers=1000,
            agents=20,
            seed=1,
            stdout=StringIO(),
        )
    # As after the commit, which never comes.
    sequence()
    bulk.analyze(EventRecord)
    deleted = Ticket.objects.order_by("id").values("id")[:40]
    Ticket.objects.filter(id__in=deleted).update(deleted_at=NOON)
    add_receipts()
    cast = Cast.of_this_desk()
    planner = Planner(cast)

    wrong = {f"{case.role}: {case.name}": faults(case, planner.plans(case)) for case in cases(cast)}

    assert {name: found for name, found in wrong.items() if found} == {}
