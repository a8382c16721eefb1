"""A draft is one person's, on one ticket, and stays until it is discarded."""

from collections.abc import Callable
from typing import Any

import pytest

from helpdesk.events.models import EventRecord
from helpdesk.tickets.models import Draft, Ticket
from tests.contracts.refusals import is_a_problem
from tests.factories import comment_on, ticket_of

Api = Callable[[Any], Any]


@pytest.fixture
def url(ticket: Any) -> str:
    return f"/api/tickets/{ticket.pk}/draft/"


def test_what_was_kept_is_read_again_as_it_was_typed(api_as: Api, url: str, ticket: Any, customer: Any) -> None:
    client, text = api_as(customer), "  Dear all,\n\n\tit burns… \U0001f525  \n"

    kept = client.put(url, {"content": text})

    assert kept.status_code == 200
    assert kept.json() == {"ticket": ticket.pk, "content": text, "updated_at": kept.json()["updated_at"]}
    assert client.get(url).json() == kept.json()
    again = client.put(url, {"content": ""})
    assert (again.status_code, client.get(url).json()["content"]) == (200, "")
    assert Draft.objects.count() == 1


def test_an_agents_may_be_one_of_a_note(api_as: Api, url: str, agent: Any, customer: Any) -> None:
    client = api_as(agent)
    assert client.put(url, {"content": "x", "is_internal": True}).json()["is_internal"] is True
    assert client.get(url).json()["is_internal"] is True
    assert client.put(url, {"content": "x"}).json()["is_internal"] is False
    assert is_a_problem(api_as(customer).put(url, {"content": "x", "is_internal": True}), 403)
    assert not Draft.objects.filter(user=customer).exists()


def test_it_survives_every_change_of_the_ticket(api_as: Api, url: str, ticket: Any, agent: Any, admin: Any) -> None:
    client, here = api_as(admin), f"/api/tickets/{ticket.pk}/"
    client.put(url, {"content": "Half a sent"})

    client.patch(here, {"title": "x", "description": "y", "status": "pending", "priority": "low"})
    for action in ("claim", "close", "reopen"):
        client.post(f"{here}{action}/")
    client.post(f"{here}comments/", {"content": "Something else."})
    comment_on(ticket, agent)
    client.delete(here)
    assert client.get(url).status_code == 404  # with its ticket
    client.post(f"{here}restore/")

    assert client.get(url).json()["content"] == "Half a sent"


def test_nobody_reads_anothers(api_as: Api, url: str, customer: Any, agent: Any, admin: Any) -> None:
    for user in (customer, agent, admin):
        assert api_as(user).put(url, {"content": user.username}).status_code == 200
    for user in (customer, agent, admin):
        assert api_as(user).get(url).json()["content"] == user.username
    api_as(admin).delete(url)
    assert api_as(admin).get(url).status_code == 404
    assert api_as(customer).get(url).json()["content"] == customer.username


def test_a_stranger_has_none_on_anothers_ticket(api_as: Api, url: str, customer: Any, stranger: Any) -> None:
    api_as(customer).put(url, {"content": "Mine"})
    client = api_as(stranger)
    for answer in (client.get(url), client.put(url, {"content": ""}), client.put(url, {}), client.delete(url)):
        assert is_a_problem(answer, 404)
    assert Draft.objects.get().content == "Mine"


def test_what_is_discarded_is_gone_and_may_be_discarded_twice(api_as: Api, url: str, customer: Any) -> None:
    client = api_as(customer)
    client.put(url, {"content": "x"})

    assert [client.delete(url).status_code for _ in range(2)] == [204, 204]
    assert is_a_problem(client.get(url), 404)


def test_it_leaves_no_trace_on_the_ticket_and_tells_nobody(api_as: Api, url: str, ticket: Any, customer: Any) -> None:
    before, told = Ticket.objects.values().get(), EventRecord.objects.count()

    api_as(customer).put(url, {"content": "x"})

    assert (Ticket.objects.values().get(), EventRecord.objects.count()) == (before, told)


@pytest.mark.parametrize(
    "body",
    [{}, {"content": None}, {"content": 7}, {"content": ["x"]}, {"content": "x" * 20_001}, {"is_internal": True}],
)
def test_what_is_no_text_is_refused(api_as: Api, url: str, agent: Any, body: dict[str, Any]) -> None:
    assert is_a_problem(api_as(agent).put(url, body), 400)
    assert Draft.objects.count() == 0


def test_one_a_ticket(api_as: Api, url: str, customer: Any) -> None:
    client, other = api_as(customer), ticket_of(customer)
    client.put(url, {"content": "x"})
    client.put(f"/api/tickets/{other.pk}/draft/", {"content": "y"})

    assert (client.get(url).json()["content"], Draft.objects.count()) == ("x", 2)
