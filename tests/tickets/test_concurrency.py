"""Many at once, on committed rows: one claim wins, no change overwrites another, no count is lost."""

import threading
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import connection

from helpdesk.events.models import EventRecord
from helpdesk.tickets.models import Ticket
from tests.factories import ticket_of
from tests.people import AgentFactory, UserFactory

Api = Callable[[Any], Any]


def at_once(calls: list[Callable[[], Any]]) -> list[Any]:
    """Each in a thread of its own, started together; their answers in order."""
    answers: list[Any] = [None] * len(calls)
    gate = threading.Barrier(len(calls))

    def run(index: int) -> None:
        gate.wait(30)
        try:
            answers[index] = calls[index]()
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return answers


@pytest.mark.slow
def test_of_fifty_claims_at_once_exactly_one_wins_each_time(transactional_db: None, api_as: Api) -> None:
    agents = AgentFactory.create_batch(50)
    clients = [api_as(agent) for agent in agents]
    for _round in range(100):
        ticket = ticket_of(UserFactory())
        url = f"/api/tickets/{ticket.pk}/claim/"

        answers = at_once([partial(client.post, url) for client in clients])

        assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 49}
        (winner,) = (agent for agent, answer in zip(agents, answers, strict=True) if answer.status_code == 200)
        losers = [answer.json() for answer in answers if answer.status_code == 409]
        assert {(loser["code"], loser["assigned_to"]["id"]) for loser in losers} == {("already_assigned", winner.pk)}
        stored = Ticket.objects.get(pk=ticket.pk)
        assert (stored.assigned_to_id, stored.version) == (winner.pk, 2)
        told = EventRecord.objects.filter(type="ticket_assigned", subject_id=ticket.pk)
        assert [record.actor_id for record in told] == [winner.pk]


def test_two_patches_of_different_fields_both_survive(transactional_db: None, api_as: Api) -> None:
    clients = [api_as(agent) for agent in AgentFactory.create_batch(4)]
    changes = [{"title": "Smoke"}, {"priority": "urgent"}, {"status": "pending"}, {"description": "It smokes."}]
    for _round in range(5):
        ticket = ticket_of(UserFactory())
        url = f"/api/tickets/{ticket.pk}/"

        answers = at_once([partial(client.patch, url, change) for client, change in zip(clients, changes, strict=True)])

        assert [answer.status_code for answer in answers] == [200] * 4
        stored = Ticket.objects.get(pk=ticket.pk)
        assert (stored.title, stored.priority, stored.status) == ("Smoke", "urgent", "pending")
        assert (stored.description, stored.version) == ("It smokes.", 5)


@pytest.mark.slow
def test_fifty_comments_at_once_are_counted_to_the_last(transactional_db: None, api_as: Api) -> None:
    customer, agent = UserFactory(), AgentFactory()
    ticket = ticket_of(customer)
    clients = [api_as(customer), api_as(agent)]

    def say(n: int) -> Any:
        # Customers' comments, agents' replies, agents' notes.
        internal = n % 3 == 0
        body = {"content": str(n), "is_internal": True} if internal else {"content": str(n)}
        return clients[1 if internal else n % 2].post(f"/api/tickets/{ticket.pk}/comments/", body)

    answers = at_once([partial(say, n) for n in range(50)])

    assert {answer.status_code for answer in answers} == {201}
    notes = len(range(0, 50, 3))
    stored = Ticket.objects.get(pk=ticket.pk)
    assert (stored.comments_count, stored.public_comments_count) == (50, 50 - notes)
    written = [(comment.created_at, comment.is_internal) for comment in stored.comments.all()]
    assert stored.last_comment_at == stored.updated_at == max(at for at, _ in written)
    public = max(at for at, internal in written if not internal)
    assert stored.public_last_comment_at == stored.public_updated_at == public
    assert Counter(EventRecord.objects.values_list("type", flat=True)) == {
        "ticket_created": 1,
        "comment_added": 50 - notes,
        "note_added": notes,
    }
    # Everybody's event was numbered.
    positions = sorted(EventRecord.objects.values_list("position", flat=True))
    assert positions == list(range(positions[0], positions[0] + 51))


def test_a_comment_and_a_change_at_once_wait_for_each_other(transactional_db: None, api_as: Api) -> None:
    """The customer's comment wakes the ticket while the agent resolves it: either order is right, half of one is not."""
    customer, agent = UserFactory(), AgentFactory()
    mine, staffs = api_as(customer), api_as(agent)
    for _round in range(5):
        ticket = ticket_of(customer)
        url = f"/api/tickets/{ticket.pk}/"
        staffs.patch(url, {"status": "pending"})

        answers = at_once(
            [
                partial(mine.post, f"{url}comments/", {"content": "x"}),
                partial(staffs.patch, url, {"status": "resolved"}),
            ]
        )

        assert [answer.status_code for answer in answers] == [201, 200]
        told = EventRecord.objects.filter(type="status_changed", subject_id=ticket.pk).order_by("id")
        steps = [(record.body["ticket"]["old_status"], record.body["ticket"]["new_status"]) for record in told]
        # Each began where the one before had ended.
        assert [old for old, _ in steps] == ["open", *(new for _, new in steps[:-1])]
        assert Ticket.objects.get(pk=ticket.pk).status == steps[-1][1]
