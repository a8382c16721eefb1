"""Assigning, taking back, stealing; how much an agent takes; and what a queue says of its decisions."""

from collections.abc import Callable
from typing import Any

import pytest

from helpdesk.accounts import roles
from helpdesk.accounts.models import User
from helpdesk.accounts.roles import Permission, Role
from helpdesk.events.models import EventRecord
from helpdesk.tickets.models import Ticket, Workload
from tests.factories import ticket_of
from tests.people import AdminFactory, AgentFactory, UserFactory
from tests.tickets.queues import team_of, waiting

Api = Callable[[Any], Any]


@pytest.fixture
def held(customer: User, agent: User) -> Ticket:
    return ticket_of(customer, assigned_to=agent.pk)


def test_a_ticket_is_assigned_and_taken_back(api_as: Api, held: Ticket, agent: User) -> None:
    other, client = AgentFactory(), api_as(agent)

    assigned = client.post(f"/api/tickets/{held.pk}/assign/", {"user": other.pk})
    again = client.post(f"/api/tickets/{held.pk}/assign/", {"user": other.pk})
    back = client.post(f"/api/tickets/{held.pk}/unassign/")
    nothing = client.post(f"/api/tickets/{held.pk}/unassign/")

    assert [answer.status_code for answer in (assigned, again, back, nothing)] == [200] * 4
    assert assigned.json()["assigned_to"] == other.as_dict()
    assert (back.json()["assigned_to"], back.json()["status"]) == (None, "open")
    assert [answer.json()["version"] for answer in (assigned, again, back, nothing)] == [2, 2, 3, 3]
    told = EventRecord.objects.filter(type="ticket_assigned").order_by("id")
    assert [record.changes["assigned_to"]["to"] for record in told] == [agent.as_dict(), other.as_dict(), None]


@pytest.mark.parametrize("who", ["nobody", "a customer", "a former agent"])
def test_whom_a_ticket_cannot_be_assigned_to_is_said_of_the_field_that_was_sent(
    api_as: Api, held: Ticket, admin: User, who: str
) -> None:
    ids = {"nobody": 9_000_000_000, "a customer": UserFactory().pk, "a former agent": AgentFactory(is_active=False).pk}

    answer = api_as(admin).post(f"/api/tickets/{held.pk}/assign/", {"user": ids[who]})

    assert answer.status_code == 400
    assert [(error["field"], error["code"]) for error in answer.json()["errors"]] == [("user", "not_an_agent")]
    assert Ticket.objects.get().version == 1


@pytest.mark.parametrize("user", [None, "3", True, 0, -1, 1.5, [], {}, 2**63])
def test_what_is_no_id_is_400_and_changes_nothing(api_as: Api, held: Ticket, admin: User, user: Any) -> None:
    for body in ({"user": user}, {}):
        answer = api_as(admin).post(f"/api/tickets/{held.pk}/assign/", body)
        assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/problem+json")
    assert Ticket.objects.get().version == 1


def test_a_ticket_is_stolen_only_by_who_says_so(api_as: Api, held: Ticket, agent: User) -> None:
    thief = AgentFactory()
    client = api_as(thief)

    for body in (None, {}, {"steal": False}):
        refused = client.post(f"/api/tickets/{held.pk}/claim/", body)
        assert (refused.status_code, refused.json()["assigned_to"]) == (409, agent.as_dict())
    stolen = client.post(f"/api/tickets/{held.pk}/claim/", {"steal": True})

    assert (stolen.status_code, stolen.json()["assigned_to"]) == (200, thief.as_dict())
    record = EventRecord.objects.filter(type="ticket_assigned").latest("id")
    assert record.changes["assigned_to"] == {"from": agent.as_dict(), "to": thief.as_dict()}
    # Both hear of it.
    assert {agent.pk, thief.pk} <= set(record.audience)
    assert client.post(f"/api/tickets/{held.pk}/claim/", {"steal": "yes"}).status_code == 400


def test_stealing_is_a_right_of_its_own(
    api_as: Api, held: Ticket, agent: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(roles.GRANTS, Role.AGENT, roles.GRANTS[Role.AGENT] - {Permission.STEAL_TICKET})
    free = ticket_of()

    assert api_as(AgentFactory()).post(f"/api/tickets/{held.pk}/claim/", {"steal": True}).status_code == 403
    assert api_as(AgentFactory()).post(f"/api/tickets/{free.pk}/claim/").status_code == 200
    assert Ticket.objects.get(pk=held.pk).assigned_to == agent


# --- how much an agent takes -----------------------------------------------------------------------------------------


def test_agents_say_whether_they_are_available_and_admins_how_much_they_take(
    api_as: Api, agent: User, admin: User, settings: Any
) -> None:
    settings.AGENT_CAPACITY = 7
    ticket_of(assigned_to=agent.pk)
    url = f"/api/users/{agent.pk}/workload/"
    before = api_as(agent).get(url).json()
    away = api_as(agent).patch(url, {"available": False})
    fewer = api_as(admin).patch(url, {"capacity": 2})

    assert before == {
        "user": agent.as_dict(),
        "available": True,
        "capacity": None,
        "effective_capacity": 7,
        "open_tickets": 1,
    }
    assert (away.status_code, away.json()) == (200, before | {"available": False})
    assert fewer.json() == before | {"available": False, "capacity": 2, "effective_capacity": 2}
    assert api_as(admin).patch(url, {"capacity": None, "available": True}).json() == before
    told = EventRecord.objects.filter(type="workload_updated").order_by("id")
    assert [(record.actor_id, record.changes) for record in told] == [
        (agent.pk, {"available": {"from": True, "to": False}}),
        (admin.pk, {"capacity": {"from": None, "to": 2}}),
        (admin.pk, {"capacity": {"from": 2, "to": None}, "available": {"from": False, "to": True}}),
    ]


def test_an_agent_changes_nobody_elses_workload_nor_the_own_capacity(api_as: Api, agent: User, admin: User) -> None:
    colleague = AgentFactory()
    client = api_as(agent)
    for user, body in ((colleague, {"available": False}), (agent, {"capacity": 1}), (agent, {"capacity": None}),
                       (agent, {"available": False, "capacity": 1})):  # fmt: skip
        assert client.patch(f"/api/users/{user.pk}/workload/", body).status_code == 403
    assert client.get(f"/api/users/{colleague.pk}/workload/").status_code == 200
    assert (Workload.objects.count(), EventRecord.objects.count()) == (0, 0)


def test_who_is_no_agent_has_no_workload(api_as: Api, customer: User, agent: User, admin: User) -> None:
    for user_id in (customer.pk, 9_000_000_000):
        url = f"/api/users/{user_id}/workload/"
        for client in (api_as(agent), api_as(admin)):
            assert (client.get(url).status_code, client.patch(url, {"available": False}).status_code) == (404, 404)
        assert api_as(customer).get(url).status_code == 403
    assert Workload.objects.count() == 0


@pytest.mark.parametrize(
    "body",
    [{"capacity": value} for value in (-1, 10_001, 1.5, "many", True, [], 2**63)]
    + [{"available": value} for value in (None, "yes", 1, [])],
)
def test_a_workload_that_is_none_is_400(api_as: Api, agent: User, admin: User, body: dict[str, Any]) -> None:
    answer = api_as(admin).patch(f"/api/users/{agent.pk}/workload/", body)

    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/problem+json")
    assert Workload.objects.count() == 0


def test_the_same_again_is_no_event(api_as: Api, agent: User, admin: User) -> None:
    for _ in range(2):
        api_as(admin).patch(f"/api/users/{agent.pk}/workload/", {"capacity": 3, "available": True})

    assert EventRecord.objects.filter(type="workload_updated").count() == 1


# --- why -------------------------------------------------------------------------------------------------------------


def test_a_decision_is_explained_to_agents_and_to_nobody_else(
    api_as: Api, committing: Any, customer: User, agent: User, settings: Any
) -> None:
    away = AgentFactory()
    Workload.objects.create(user=away, available=False, capacity=5)
    team = team_of(agent, away, assignment="round_robin")
    with committing():
        ticket = waiting(team, customer)
    url = f"/api/tickets/{ticket.pk}/assignment/explain/"

    body = api_as(away).get(url).json()

    (decision,) = body.pop("decisions")
    team_shape = {"id": team.pk, "name": team.name}
    assert body == {
        "ticket": ticket.pk,
        "team": team_shape,
        "strategy": "round_robin",
        "assigned_to": agent.as_dict(),
    }
    common = {"open_tickets": 0, "last_assigned_at": None}
    candidates = [
        {"user": agent.as_dict(), "capacity": settings.AGENT_CAPACITY, "eligible": True, "reason": "free", **common},
        {"user": away.as_dict(), "capacity": 5, "eligible": False, "reason": "away", **common},
    ]
    assert (decision["team"], decision["strategy"], decision["chosen"]) == (team_shape, "round_robin", agent.as_dict())
    assert (decision["reason"], decision["candidates"]) == ("next_in_turn", candidates)
    assert api_as(customer).get(url).status_code == 403
    assert api_as(UserFactory()).get(url).status_code == 404


def test_a_ticket_that_no_queue_decided_about_is_explained_too(api_as: Api, held: Ticket, agent: User) -> None:
    assert api_as(AdminFactory()).get(f"/api/tickets/{held.pk}/assignment/explain/").json() == {
        "ticket": held.pk,
        "team": None,
        "strategy": None,
        "assigned_to": agent.as_dict(),
        "decisions": [],
    }
