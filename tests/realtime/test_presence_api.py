"""`GET /api/presence/`."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from helpdesk.accounts.models import Session, User
from helpdesk.realtime import presence
from tests.people import NOON, AdminFactory, AgentFactory, UserFactory
from tests.servers import Valkey

Api = Callable[[Any], Any]


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "here", {})


def ids(*users: User) -> str:
    return ",".join(str(user.pk) for user in users)


def test_a_customer_reads_of_agents_only_and_cannot_tell_others_from_nobody(valkey_here: Valkey, api_as: Api) -> None:
    me, other, gone = UserFactory(), UserFactory(), AgentFactory(is_active=False)
    agent, admin = AgentFactory(), AdminFactory()
    for user in (me, other, gone, agent):
        presence.enter(user.pk, "a", limit=20)

    asked = f"{ids(me, other, gone, agent, admin)},0,999999999,{2**63 - 1}"
    body = api_as(me).get(f"/api/presence/?users={asked}").json()
    assert {pk: sight["online"] for pk, sight in body.items()} == {str(agent.pk): True, str(admin.pk): False}
    assert body[str(admin.pk)]["last_seen"] is None

    body = api_as(agent).get(f"/api/presence/?users={asked}").json()
    assert {pk: sight["online"] for pk, sight in body.items()} == {
        str(me.pk): True,
        str(other.pk): True,
        str(admin.pk): False,
    }


def test_when_somebody_was_last_seen_outlives_redis(valkey_here: Valkey, api_as: Api) -> None:
    customer, agent = UserFactory(), AgentFactory()
    Session.objects.create(user=agent, refreshed_at=NOON - timedelta(days=1))
    Session.objects.create(user=agent, refreshed_at=NOON)
    presence.enter(agent.pk, "a", limit=20)
    presence.leave([(agent.pk, "a")], stay=1)

    read = lambda: api_as(customer).get(f"/api/presence/?users={agent.pk}").json()[str(agent.pk)]  # noqa: E731
    assert read()["last_seen"] > NOON.isoformat()
    with valkey_here.client() as client:
        client.flushdb()
    assert read() == {"online": False, "last_seen": NOON.isoformat().replace("+00:00", "Z")}
    valkey_here.kill()
    assert read()["online"] is False


@pytest.mark.parametrize("number", [1, 20])
def test_one_statement_says_who_may_be_seen(db: None, api_as: Api, django_assert_num_queries: Any, number: int) -> None:
    client, agents = api_as(UserFactory()), [AgentFactory() for _ in range(number)]
    with django_assert_num_queries(2):
        assert len(client.get(f"/api/presence/?users={ids(*agents)}").json()) == number


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "required"),
        ("?users=", "blank"),
        ("?users=x", "invalid"),
        ("?users=1,,2", "invalid"),
        ("?users=-1", "invalid"),
        ("?users=" + ",".join(["1"] * 101), "max_length"),
    ],
)
def test_what_is_no_list_of_ids_is_refused(db: None, api_as: Api, query: str, code: str) -> None:
    response = api_as(UserFactory()).get(f"/api/presence/{query}")
    assert response.status_code == 400
    assert [error["code"] for error in response.json()["errors"]] == [code]
