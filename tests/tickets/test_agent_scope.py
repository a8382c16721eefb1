"""`AGENT_SCOPE` narrows what role agent sees, everywhere at once; admins and customers notice nothing of it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from helpdesk.accounts.models import User
from helpdesk.events.models import EventRecord
from helpdesk.notifications.recipients import mails_of
from helpdesk.tickets.models import Comment, Membership, Team, Ticket, agents_who_see
from helpdesk.tickets.operations import merges, splits, tickets
from tests.contracts.test_strangers import WAYS, bytes_of, go
from tests.factories import comment_on, ticket_of
from tests.people import NOON, AdminFactory, AgentFactory, UserFactory
from tests.tickets.queues import in_queue, team_of

Api = Callable[[Any], Any]

MISSING = 9_000_000_000
SCOPES = ["all", "team", "assigned"]


@pytest.fixture
def desk(customer: User, agent: User) -> dict[str, int]:
    """A ticket for each way to see one, and one in another team's queue."""
    other = AgentFactory()
    mine, theirs = team_of(agent), team_of(other, name="Keyboards")
    return {
        "queue": in_queue(ticket_of(customer, title="queue"), mine).pk,
        "assigned": in_queue(ticket_of(customer, title="assigned", assigned_to=agent.pk), theirs).pk,
        "own": ticket_of(agent, title="own").pk,
        "foreign": in_queue(ticket_of(customer, title="foreign", assigned_to=other.pk), theirs).pk,
        "nobody's": ticket_of(customer, title="nobody's").pk,
    }


@pytest.mark.parametrize("action", ["patch", "claim", "unassign", "close"])
def test_whoever_changes_a_ticket_hears_of_none_that_they_do_not_see(
    api_as: Api, customer: User, agent: User, admin: User, settings: Any, action: str
) -> None:
    hidden = ticket_of(customer)
    comment = comment_on(hidden, customer)
    tickets.close_ticket(by=admin, ticket_id=hidden.pk, now=NOON)
    split = splits.split_comment(by=admin, ticket_id=hidden.pk, comment_id=comment.pk, now=NOON)
    tickets.claim_ticket(by=agent, ticket_id=split.pk, now=NOON)
    shown = ticket_of(customer, follow_up_of=hidden.pk)
    tickets.claim_ticket(by=agent, ticket_id=shown.pk, now=NOON)
    settings.AGENT_SCOPE = "assigned"
    client = api_as(agent)

    for ticket in (shown, split):
        url = f"/api/tickets/{ticket.pk}/"
        read = client.get(url).json()
        written = client.patch(url, {"title": "x"}) if action == "patch" else client.post(f"{url}{action}/")

        assert written.status_code == 200
        for body in (read, written.json()):
            assert (body["follow_up_of"], body["split_from"]) == (None, None)


def test_who_does_not_see_where_a_ticket_went_neither_reads_the_number_nor_undoes_it(
    api_as: Api, customer: User, agent: User, admin: User, settings: Any
) -> None:
    shown, hidden = ticket_of(customer, assigned_to=agent.pk), ticket_of(customer)
    merges.merge_ticket(by=admin, ticket_id=shown.pk, into=hidden.pk, now=timezone.now())
    url = f"/api/tickets/{shown.pk}/"
    settings.AGENT_SCOPE = "assigned"
    client = api_as(agent)

    body = client.get(url).json()

    assert (body["merged_into"], body["allowed_actions"]) == (None, ["delete", "link"])
    assert client.post(f"{url}unmerge/").status_code == 403
    unbound = api_as(admin).get(url).json()
    assert (unbound["merged_into"], "unmerge" in unbound["allowed_actions"]) == (hidden.pk, True)


SEEN = {
    "all": {"queue", "assigned", "own", "foreign", "nobody's"},
    "team": {"queue", "assigned", "own"},
    "assigned": {"assigned", "own"},
}


@pytest.mark.parametrize("scope", SCOPES)
def test_lists_details_search_comments_and_events_show_the_same_tickets(
    api_as: Api, desk: dict[str, int], agent: User, admin: User, customer: User, settings: Any, scope: str
) -> None:
    for ticket_id in desk.values():
        comment_on(Ticket.objects.get(pk=ticket_id), admin, is_internal=ticket_id % 2 == 0)
    settings.AGENT_SCOPE = scope
    client, expected = api_as(agent), {desk[name] for name in SEEN[scope]}

    def listed(path: str, key: str = "id") -> set[int]:
        return {row[key] for row in client.get(path).json()["results"]}

    assert listed("/api/tickets/") == listed("/api/tickets/?search=burns") == expected
    assert client.get("/api/tickets/").json()["count"] == len(expected)
    assert listed("/api/comments/", "ticket") == expected
    assert listed("/api/tickets/?unassigned=true") == expected & {desk["queue"], desk["own"], desk["nobody's"]}
    for name, ticket_id in desk.items():
        status = 200 if name in SEEN[scope] else 404
        for path in ("", "timeline/", "comments/"):
            assert client.get(f"/api/tickets/{ticket_id}/{path}").status_code == status, (name, path)
        assert bool(listed(f"/api/tickets/?search=%23{ticket_id}")) == (status == 200)
    assert set(EventRecord.objects.visible_to(agent).values_list("subject_id", flat=True)) == expected
    # The others see what they saw.
    assert set(Ticket.objects.visible_to(admin).values_list("pk", flat=True)) == set(desk.values())
    assert set(Ticket.objects.visible_to(customer).values_list("pk", flat=True)) == set(desk.values()) - {desk["own"]}


@pytest.mark.parametrize("scope", ["team", "assigned"])
@pytest.mark.parametrize("way", [way for way in WAYS if "restore" not in way[1]], ids=lambda way: f"{way[0]} {way[1]}")
def test_a_ticket_outside_the_scope_is_no_ticket(
    api_as: Api, desk: dict[str, int], agent: User, settings: Any, way: Any, scope: str
) -> None:
    ticket = Ticket.objects.get(pk=desk["foreign"])
    comment = comment_on(ticket, ticket.assigned_to)
    settings.AGENT_SCOPE = scope
    before = list(Ticket.objects.order_by("id").values()), EventRecord.objects.count(), Comment.objects.count()

    foreign = go(api_as(agent), way, ticket=ticket.pk, comment=comment.pk)
    missing = go(api_as(agent), way, ticket=MISSING, comment=MISSING)

    assert foreign.status_code == 404
    assert bytes_of(foreign) == bytes_of(missing)
    assert (
        list(Ticket.objects.order_by("id").values()),
        EventRecord.objects.count(),
        Comment.objects.count(),
    ) == before


def test_who_moves_a_ticket_out_of_sight_is_told_what_became_of_it(
    api_as: Api, desk: dict[str, int], agent: User, admin: User, customer: User, settings: Any
) -> None:
    settings.AGENT_SCOPE = "assigned"
    client = api_as(agent)

    moved = client.patch(f"/api/tickets/{desk['assigned']}/", {"assigned_to": admin.pk})
    opened = client.post("/api/tickets/", {"title": "x", "description": "y", "created_by": customer.pk})

    assert (moved.status_code, moved.json()["assigned_to"]["id"]) == (200, admin.pk)
    assert opened.status_code == 201
    for ticket_id in (desk["assigned"], opened.json()["id"]):
        assert client.get(f"/api/tickets/{ticket_id}/").status_code == 404


@pytest.mark.parametrize(
    ("scope", "written_to"), [("all", {"in", "out", "root"}), ("team", {"in", "root"}), ("assigned", {"root"})]
)
def test_a_new_ticket_is_mailed_to_those_agents_who_see_it(
    customer: User, settings: Any, scope: str, written_to: set[str]
) -> None:
    settings.AGENT_SCOPE, settings.TICKET_RECEIPT_EMAIL = scope, False
    inside, _outside, _root = AgentFactory(username="in"), AgentFactory(username="out"), AdminFactory(username="root")
    ticket = in_queue(ticket_of(customer), team_of(inside))
    record = EventRecord.objects.get(subject_id=ticket.pk, type="ticket_created")

    mails = mails_of(record.event(), actor_id=customer.pk)

    assert {User.objects.get(pk=pk).username for pk in mails} == written_to


def test_a_note_is_mailed_only_to_those_who_wrote_and_still_see_the_ticket(customer: User, settings: Any) -> None:
    inside, outside = AgentFactory(), AgentFactory()
    ticket = in_queue(ticket_of(customer), team_of(inside))
    for agent in (inside, outside):
        comment_on(ticket, agent)
    comment_on(ticket, AdminFactory(), is_internal=True)
    record = EventRecord.objects.get(type="note_added")
    settings.AGENT_SCOPE = "team"

    assert mails_of(record.event(), actor_id=record.actor_id).keys() == {inside.pk}


whom = st.none() | st.integers(0, 4)


@examples(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    scope=st.sampled_from(SCOPES),
    creator=st.integers(0, 4),
    assignee=whom,
    team=st.none() | st.integers(0, 1),
    members=st.lists(st.tuples(st.integers(0, 1), st.integers(0, 4)), unique=True),
    banned=whom,
)
def test_who_sees_a_ticket_is_the_rule_of_what_somebody_sees_turned_round(
    db: None, settings: Any, scope: str, creator: int, assignee: int | None, team: int | None, members: Any, banned: Any
) -> None:
    from django.db import transaction

    settings.AGENT_SCOPE = scope
    with transaction.atomic():
        people = [UserFactory(), AgentFactory(), AgentFactory(), AdminFactory(), AgentFactory()]
        teams = [Team.objects.create(name=name) for name in ("A", "B")]
        Membership.objects.bulk_create(Membership(team=teams[of], user=people[who]) for of, who in members)
        if banned is not None:
            User.objects.filter(pk=people[banned].pk).update(is_active=False)
        ticket = ticket_of(UserFactory())
        Ticket.objects.filter(pk=ticket.pk).update(
            created_by=people[creator],
            assigned_to=None if assignee is None else people[assignee],
            team=None if team is None else teams[team],
        )

        seeing = {
            user.pk for user in User.objects.agents() if Ticket.objects.visible_to(user).filter(pk=ticket.pk).exists()
        }

        assert set(agents_who_see(Ticket.objects.filter(pk=ticket.pk)).values_list("pk", flat=True)) == seeing
        transaction.set_rollback(True)


def test_a_deletion_is_heard_of_by_those_who_saw_the_ticket(desk: dict[str, int], agent: User, settings: Any) -> None:
    settings.AGENT_SCOPE = "team"
    for name in ("queue", "foreign"):
        tickets.delete_ticket(by=AdminFactory(), ticket_id=desk[name], now=NOON)

    heard = EventRecord.objects.filter(type="ticket_deleted").visible_to(agent)

    assert [record.subject_id for record in heard] == [desk["queue"]]
