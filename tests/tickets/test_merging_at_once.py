"""Many at once, on committed rows: merges, what is written meanwhile, and links."""

import threading
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction

from helpdesk.events.models import EventRecord
from helpdesk.tickets.models import Comment, Merge, Ticket, TicketLink
from helpdesk.tickets.operations.attachments import delete_attachment
from helpdesk.tickets.operations.comments import delete_comment, edit_comment
from helpdesk.tickets.operations.merges import merge_ticket
from helpdesk.tickets.operations.splits import split_comment
from tests.factories import attachment_on, comment_on, ticket_of
from tests.people import NOON, AgentFactory, UserFactory
from tests.tickets.test_concurrency import at_once

Api = Callable[[Any], Any]


def merging(client: Any, source: Any, target: Any) -> Callable[[], Any]:
    return partial(client.post, f"/api/tickets/{source.pk}/merge/", {"into": target.pk})


def check_counters(*tickets: Any) -> None:
    for ticket in Ticket.objects.filter(pk__in=[ticket.pk for ticket in tickets]):
        alive = list(ticket.comments.filter(deleted_at=None).values_list("is_internal", "created_at"))
        assert ticket.comments_count == len(alive)
        assert ticket.public_comments_count == sum(not internal for internal, _ in alive)
        assert ticket.last_comment_at == max((at for _, at in alive), default=None)


def test_opposite_merges_at_once_never_deadlock_and_one_wins(transactional_db: None, api_as: Api) -> None:
    customer, agents = UserFactory(), AgentFactory.create_batch(4)
    clients = [api_as(agent) for agent in agents]
    for _round in range(10):
        one, two = ticket_of(customer), ticket_of(customer)
        for ticket in (one, two):
            comment_on(ticket, customer)

        answers = at_once([merging(client, *((one, two) if n % 2 else (two, one))) for n, client in enumerate(clients)])

        assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 3}
        assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"ticket_merged"}
        merge = Merge.objects.get(source__in=[one, two])
        assert Comment.objects.filter(ticket=merge.target).count() == 2
        assert Ticket.objects.get(pk=merge.target_id).merged_into_id is None
        check_counters(one, two)


def test_a_ring_of_merges_at_once_leaves_one_that_is_not_merged(transactional_db: None, api_as: Api) -> None:
    customer = UserFactory()
    clients = [api_as(agent) for agent in AgentFactory.create_batch(5)]
    for _round in range(5):
        tickets = [ticket_of(customer) for _ in clients]
        for ticket in tickets:
            comment_on(ticket, customer)

        answers = at_once([merging(client, tickets[n], tickets[(n + 1) % 5]) for n, client in enumerate(clients)])

        assert {answer.status_code for answer in answers} <= {200, 409}
        # No circle: every way ends at one that is nobody's.
        into = dict(Ticket.objects.filter(pk__in=[t.pk for t in tickets]).values_list("pk", "merged_into"))
        for start in into:
            steps, here = 0, start
            while into[here] is not None:
                here, steps = into[here], steps + 1
                assert steps < 5
        check_counters(*tickets)
        assert Comment.objects.filter(ticket__in=[pk for pk, to in into.items() if to is None]).count() == 5


@pytest.mark.slow
def test_a_comment_added_while_its_ticket_is_merged_is_lost_nowhere(transactional_db: None, api_as: Api) -> None:
    customer = UserFactory()
    theirs, staffs = api_as(customer), [api_as(agent) for agent in AgentFactory.create_batch(3)]
    outcomes: Counter[int] = Counter()
    for n in range(12):
        # Either has the smaller id once.
        source, target = [ticket_of(customer), ticket_of(customer)][:: 1 if n % 2 else -1]
        url = f"/api/tickets/{source.pk}/comments/"
        bodies = [{"content": "0"}, {"content": "1", "is_internal": True}, {"content": "2"}]
        says = [partial(client.post, url, body) for client, body in zip((theirs, *staffs[1:]), bodies, strict=True)]

        merged, *said = at_once([merging(staffs[0], source, target), *says])

        assert merged.status_code == 200
        for body, answer in zip(bodies, said, strict=True):
            outcomes[answer.status_code] += 1
            if answer.status_code == 201:
                comment = Comment.objects.get(pk=answer.json()["id"])
                assert (comment.ticket_id, comment.moved_from_id) == (target.pk, source.pk)
                assert comment.content == body["content"]
            else:
                # Who is told so has lost nothing, and knows where to say it.
                problem = answer.json()
                assert (problem["code"], problem["merged_into"]) == ("ticket_merged", target.pk)
        assert Comment.objects.filter(ticket=source).count() == 0
        check_counters(source, target)
    assert set(outcomes) <= {201, 409}


@pytest.mark.parametrize("way", ["edit", "delete", "split", "delete its file"])
def test_who_waits_for_a_comments_ticket_follows_the_comment(transactional_db: None, way: str) -> None:
    """Seen by a merge that is held open until the other is sure to wait for its lock."""
    customer, agent = UserFactory(), AgentFactory()
    source, target = ticket_of(customer), ticket_of(customer)
    comment = comment_on(source, customer)
    file = attachment_on(source, customer, comment)
    calls: dict[str, Callable[[], Any]] = {
        "edit": partial(edit_comment, by=customer, comment_id=comment.pk, content="Sand helps.", now=NOON),
        "delete": partial(delete_comment, by=customer, comment_id=comment.pk, now=NOON),
        "split": partial(split_comment, by=agent, ticket_id=target.pk, comment_id=comment.pk, now=NOON),
        "delete its file": partial(delete_attachment, by=customer, attachment_id=file.pk, now=NOON),
    }

    def run() -> None:
        try:
            calls[way]()
        finally:
            connection.close()

    with transaction.atomic():
        merge_ticket(by=agent, ticket_id=source.pk, into=target.pk, now=NOON)
        waiting = threading.Thread(target=run)
        waiting.start()
        wait_for_a_waiter()
    waiting.join(30)

    comment.refresh_from_db()
    if way == "edit":
        assert (comment.content, comment.ticket_id) == ("Sand helps.", target.pk)
        assert EventRecord.objects.get(type="comment_updated").subject_id == target.pk
    elif way == "delete":
        assert comment.deleted_at is not None
        assert EventRecord.objects.get(type="comment_deleted").subject_id == target.pk
    elif way == "delete its file":
        assert EventRecord.objects.get(type="attachment_deleted").subject_id == target.pk
    else:
        assert Ticket.objects.get(split_from=target.pk).comments.get() == comment
    check_counters(source, target)


def wait_for_a_waiter() -> None:
    for _ in range(300):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            (number,) = cursor.fetchone()
            if number:
                return
            cursor.execute("SELECT pg_sleep(0.05)")
    raise AssertionError("nobody waits")


@pytest.mark.slow
def test_merging_and_undoing_while_everybody_writes_loses_nothing(transactional_db: None, api_as: Api) -> None:
    customer = UserFactory()
    theirs, staffs = api_as(customer), [api_as(agent) for agent in AgentFactory.create_batch(4)]
    for n in range(6):
        source, target = [ticket_of(customer), ticket_of(customer)][:: 1 if n % 2 else -1]
        comments = [comment_on(source, customer, content=f"old {k}") for k in range(3)]
        merging(staffs[0], source, target)()

        answers = at_once(
            [
                partial(staffs[0].post, f"/api/tickets/{source.pk}/unmerge/"),
                partial(theirs.post, f"/api/tickets/{target.pk}/comments/", {"content": "since"}),
                partial(staffs[1].post, f"/api/tickets/{target.pk}/comments/", {"content": "x", "is_internal": True}),
                partial(theirs.patch, f"/api/comments/{comments[0].pk}/", {"content": "edited"}),
                partial(theirs.delete, f"/api/comments/{comments[1].pk}/"),
            ]
        )

        assert [answer.status_code for answer in answers] == [200, 201, 201, 200, 204]
        there = dict(Comment.objects.filter(ticket__in=[source, target]).values_list("content", "ticket"))
        assert there == {
            "edited": source.pk,
            "old 1": source.pk,
            "old 2": source.pk,
            "since": target.pk,
            "x": target.pk,
        }
        check_counters(source, target)


def test_of_many_who_undo_a_merge_one_does(transactional_db: None, api_as: Api) -> None:
    customer = UserFactory()
    clients = [api_as(agent) for agent in AgentFactory.create_batch(6)]
    source, target = ticket_of(customer), ticket_of(customer)
    merging(clients[0], source, target)()

    answers = at_once([partial(client.post, f"/api/tickets/{source.pk}/unmerge/") for client in clients])

    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 5}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"not_merged"}
    assert EventRecord.objects.filter(type="ticket_unmerged").count() == 2


def test_links_made_at_once_close_no_circle(transactional_db: None, api_as: Api) -> None:
    """Four links of four tickets, two and two of which share no row: each alone would be fine."""
    customer = UserFactory()
    clients = [api_as(agent) for agent in AgentFactory.create_batch(4)]
    for _round in range(8):
        tickets = [ticket_of(customer) for _ in range(4)]
        calls = [
            partial(
                client.post,
                f"/api/tickets/{tickets[n].pk}/links/",
                {"kind": "parent_of", "ticket": tickets[(n + 1) % 4].pk},
            )
            for n, client in enumerate(clients)
        ]

        answers = at_once(calls)

        assert Counter(answer.status_code for answer in answers) == {201: 3, 409: 1}
        assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"link_cycle"}


def test_the_same_link_made_at_once_is_made_once(transactional_db: None, api_as: Api) -> None:
    customer = UserFactory()
    clients = [api_as(agent) for agent in AgentFactory.create_batch(6)]
    one, two = ticket_of(customer), ticket_of(customer)
    calls = [
        partial(client.post, f"/api/tickets/{here.pk}/links/", {"kind": "related", "ticket": there.pk})
        for n, client in enumerate(clients)
        for here, there in [(one, two) if n % 2 else (two, one)]
    ]

    answers = at_once(calls)

    assert Counter(answer.status_code for answer in answers) == {201: 1, 200: 5}
    assert TicketLink.objects.count() == 1
