"""Who is owed which e-mail: each row of the table, with equality."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from helpdesk.events.models import EventRecord
from helpdesk.events.subscriptions import receiver_of
from helpdesk.notifications.models import EmailLog
from helpdesk.notifications.operations import owe_emails
from helpdesk.tickets.operations import comments, tickets
from tests.factories import comment_on, ticket_of
from tests.people import NOON, AdminFactory, AgentFactory, UserFactory

Committing = Callable[[], Any]

pytestmark = pytest.mark.django_db


def owed(event_type: str) -> set[tuple[str, str]]:
    mails = EmailLog.objects.filter(event__type=event_type)
    return set(mails.values_list("recipient__username", "template"))


def test_a_new_ticket_is_mailed_to_every_agent_and_received_for_its_creator(
    committing: Committing, customer: Any
) -> None:
    AgentFactory(username="ann")
    AdminFactory(username="root")
    UserFactory(username="stranger")

    with committing():
        ticket_of(customer)

    assert owed("ticket_created") == {
        (customer.username, "ticket_receipt"),
        ("ann", "ticket_created"),
        ("root", "ticket_created"),
    }


def test_an_agent_hears_nothing_of_the_ticket_that_the_agent_opened_for_somebody(
    committing: Committing, customer: Any, agent: Any
) -> None:
    AgentFactory(username="ann")

    with committing():
        ticket_of(agent, created_by=customer.pk)

    assert owed("ticket_created") == {(customer.username, "ticket_receipt"), ("ann", "ticket_created")}


@pytest.mark.parametrize("on_behalf", [False, True])
def test_an_agent_who_is_the_creator_gets_one_mail_the_receipt(
    committing: Committing, agent: Any, *, on_behalf: bool
) -> None:
    ann = AgentFactory(username="ann")

    with committing():
        ticket_of(agent if on_behalf else ann, created_by=ann.pk)

    expected = {("ann", "ticket_receipt")}
    assert owed("ticket_created") == (expected if on_behalf else expected | {(agent.username, "ticket_created")})


def test_without_receipts_a_creator_hears_like_everybody_else(
    committing: Committing, customer: Any, agent: Any, settings: Any
) -> None:
    settings.TICKET_RECEIPT_EMAIL = False
    ann = AgentFactory(username="ann")

    with committing():
        ticket_of(customer)
    assert owed("ticket_created") == {(agent.username, "ticket_created"), ("ann", "ticket_created")}

    EmailLog.objects.all().delete()
    with committing():
        ticket_of(agent, created_by=ann.pk)
    assert owed("ticket_created") == {("ann", "ticket_created")}


def test_a_ticket_opened_with_an_assignee_is_news_twice_for_the_assignee(
    committing: Committing, customer: Any, agent: Any
) -> None:
    ann = AgentFactory(username="ann")

    with committing():
        ticket_of(agent, created_by=customer.pk, assigned_to=ann.pk)

    assert owed("ticket_created") == {(customer.username, "ticket_receipt"), ("ann", "ticket_created")}
    assert owed("ticket_assigned") == {("ann", "ticket_assigned")}


def test_an_assignment_is_mailed_to_the_new_assignee_only(committing: Committing, customer: Any, agent: Any) -> None:
    ann, bob = AgentFactory(username="ann"), AgentFactory(username="bob")
    ticket = ticket_of(customer, assigned_to=ann.pk)

    with committing():
        tickets.update_ticket(by=agent, ticket_id=ticket.pk, changes={"assigned_to": bob.pk}, now=NOON)

    assert owed("ticket_assigned") == {("bob", "ticket_assigned")}


def test_who_takes_a_ticket_or_drops_one_mails_nobody(committing: Committing, customer: Any, agent: Any) -> None:
    ticket = ticket_of(customer)

    with committing():
        tickets.claim_ticket(by=agent, ticket_id=ticket.pk, now=NOON)
        tickets.update_ticket(by=agent, ticket_id=ticket.pk, changes={"assigned_to": None}, now=NOON)

    assert EventRecord.objects.filter(type="ticket_assigned").count() == 2
    assert owed("ticket_assigned") == set()


def test_a_status_is_mailed_to_the_creator_unless_they_changed_it(
    committing: Committing, customer: Any, agent: Any
) -> None:
    ticket = ticket_of(customer, assigned_to=agent.pk)

    with committing():
        tickets.close_ticket(by=customer, ticket_id=ticket.pk, now=NOON)
    assert owed("status_changed") == set()

    with committing():
        tickets.reopen_ticket(by=agent, ticket_id=ticket.pk, now=NOON)
    assert owed("status_changed") == {(customer.username, "status_changed")}


@pytest.mark.parametrize(
    ("author", "readers"),
    [("creator", {"assignee"}), ("assignee", {"creator"}), ("somebody", {"creator", "assignee"})],
)
def test_a_comment_is_mailed_to_creator_and_assignee_but_its_author(
    committing: Committing, author: str, readers: set[str]
) -> None:
    people = {"creator": UserFactory(username="creator")}
    people |= {name: AgentFactory(username=name) for name in ("assignee", "somebody", "bystander")}
    ticket = ticket_of(people["creator"], assigned_to=people["assignee"].pk)
    comment_on(ticket, people["bystander"])

    with committing():
        comment_on(ticket, people[author])

    assert owed("comment_added") == {(name, "comment_added") for name in readers}


def test_a_note_is_mailed_to_the_assignee_and_the_agents_who_wrote_but_its_author(
    committing: Committing, customer: Any
) -> None:
    names = ("assignee", "commented", "noted", "author", "bystander", "deleted", "demoted")
    people = {name: AgentFactory(username=name) for name in names}
    ticket = ticket_of(customer, assigned_to=people["assignee"].pk)
    comment_on(ticket, customer)
    comment_on(ticket, people["commented"])
    comment_on(ticket, people["noted"], is_internal=True)
    comment_on(ticket, people["author"])
    comment_on(ticket, people["demoted"])
    people["demoted"].role = "customer"
    people["demoted"].save()
    gone = comment_on(ticket, people["deleted"])
    comments.delete_comment(by=people["deleted"], comment_id=gone.pk, now=NOON)

    with committing():
        comment_on(ticket, people["author"], is_internal=True)

    assert owed("note_added") == {(name, "note_added") for name in ("assignee", "commented", "noted")}


def test_who_wrote_only_after_a_note_is_not_told_of_it_however_late_it_is_heard(
    committing: Committing, customer: Any, agent: Any
) -> None:
    ticket = ticket_of(customer)
    with committing():
        comment_on(ticket, agent, is_internal=True)
        comment_on(ticket, AgentFactory())

    hear_again(EventRecord.objects.get(type="note_added"))

    assert owed("note_added") == set()


def test_nothing_else_is_mailed(committing: Committing, customer: Any, agent: Any) -> None:
    ticket = ticket_of(customer, assigned_to=agent.pk)
    comment = comment_on(ticket, customer)
    with committing():
        changes = {"title": "Another", "priority": "high"}
        tickets.update_ticket(by=agent, ticket_id=ticket.pk, changes=changes, now=NOON)
        comments.edit_comment(by=customer, comment_id=comment.pk, content="Else", now=NOON)
        comments.delete_comment(by=customer, comment_id=comment.pk, now=NOON)
        tickets.delete_ticket(by=agent, ticket_id=ticket.pk, now=NOON)

    assert list(EmailLog.objects.all()) == []


def test_who_is_inactive_or_has_no_address_is_owed_nothing(committing: Committing) -> None:
    AgentFactory(is_active=False)
    AgentFactory(email="")
    AgentFactory(username="ann")

    with committing():
        ticket_of(UserFactory(email=""))
        ticket_of(UserFactory(is_active=False))

    assert owed("ticket_created") == {("ann", "ticket_created")}
    assert EmailLog.objects.count() == 2


def test_an_event_heard_twice_owes_each_mail_once(committing: Committing, customer: Any, agent: Any) -> None:
    with committing():
        ticket_of(customer)
    before = list(EmailLog.objects.order_by("id").values())

    hear_again(EventRecord.objects.get())

    assert len(before) == 2
    assert list(EmailLog.objects.order_by("id").values()) == before


def hear_again(record: EventRecord) -> None:
    hear = receiver_of(record.type, "notifications.email")
    assert hear is not None
    hear(record.event(), record)


@pytest.mark.parametrize("agents", [1, 20])
def test_writing_down_who_is_owed_costs_the_same_for_any_number_of_agents(customer: Any, agents: int) -> None:
    AgentFactory.create_batch(agents)
    ticket_of(customer)
    record = EventRecord.objects.get()

    with CaptureQueriesContext(
        connection,
    ) as queries:
        count = owe_emails(record=record, now=NOON)

    # The agents, who of them can be reached, and one insert.
    statements = [query["sql"].split()[0] for query in queries]
    assert (count, statements) == (agents + 1, ["SELECT", "SELECT", "INSERT"])


def test_nothing_is_owed_before_the_commit(customer: Any, agent: Any) -> None:
    ticket_of(customer)

    assert EventRecord.objects.count() == 1
    assert list(EmailLog.objects.all()) == []
