"""Several change the same tickets at once, on committed rows: nobody waits for ever, and nothing is lost."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from helpdesk.events.models import EventRecord
from helpdesk.tickets.models import Ticket
from tests.factories import ticket_of
from tests.people import AgentFactory, UserFactory
from tests.tickets.test_concurrency import at_once

Api = Callable[[Any], Any]

URL = "/api/tickets/bulk/"


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["atomic", "independent"])
def test_who_names_the_same_tickets_in_another_order_does_not_deadlock(
    transactional_db: None, api_as: Api, mode: str
) -> None:
    clients = [api_as(agent) for agent in AgentFactory.create_batch(6)]
    ids = [ticket_of(UserFactory()).pk for _ in range(30)]
    for n in range(4):
        bodies = [
            {"mode": mode, "ids": ids[:: 1 if k % 2 else -1], "changes": {"title": f"By {k}, in round {n}"}}
            for k in range(6)
        ]
        answers = at_once([partial(c.post, URL, body) for c, body in zip(clients, bodies, strict=True)])
        assert [answer.status_code for answer in answers] == [200] * 6
        assert len(set(Ticket.objects.values_list("title", flat=True))) == 1
    assert set(Ticket.objects.values_list("version", flat=True)) == {25}
    assert EventRecord.objects.filter(type="ticket_updated").count() == 24 * 30


def test_of_many_who_changed_the_same_version_one_wins_each_ticket(transactional_db: None, api_as: Api) -> None:
    clients = [api_as(agent) for agent in AgentFactory.create_batch(6)]
    ids = [ticket_of(UserFactory()).pk for _ in range(10)]
    body = {"mode": "independent", "ids": ids, "if_match": {str(pk): 1 for pk in ids}}

    answers = at_once([partial(c.post, URL, body | {"changes": {"title": f"{k}"}}) for k, c in enumerate(clients)])

    results = [result for answer in answers for result in answer.json()["results"]]
    assert Counter((result["id"], result["status"]) for result in results) == {
        **{(pk, 200): 1 for pk in ids},
        **{(pk, 412): 5 for pk in ids},
    }
    assert set(Ticket.objects.values_list("version", flat=True)) == {2}


def test_a_patch_and_a_change_of_many_both_survive(transactional_db: None, api_as: Api) -> None:
    one, other = (api_as(agent) for agent in AgentFactory.create_batch(2))
    ids = [ticket_of(UserFactory()).pk for _ in range(5)]
    for n in range(5):
        many = {"mode": "atomic", "ids": ids, "changes": {"priority": ["low", "high"][n % 2], "title": f"{n}"}}
        calls = [partial(one.post, URL, many)]
        calls += [partial(other.patch, f"/api/tickets/{pk}/", {"description": f"{n}"}) for pk in ids]
        assert {answer.status_code for answer in at_once(calls)} == {200}
        assert set(Ticket.objects.values_list("title", "description")) == {(f"{n}", f"{n}")}
