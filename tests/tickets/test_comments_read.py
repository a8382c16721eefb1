"""Reading comments: the lists, the latest hundred in the detail, and the way to the rest."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from helpdesk.tickets.models import Comment
from tests.factories import comment_on, ticket_of
from tests.people import NOON

Api = Callable[[Any], Any]

HOUR = timedelta(hours=1)


def texts(response: Any) -> list[str]:
    assert response.status_code == 200, response.content
    return [comment["content"] for comment in response.json()["results"]]


def test_comments_come_oldest_first_and_ties_by_id(api_as: Api, ticket: Any, route: Any, customer: Any) -> None:
    for content, hour in (("second", 1), ("third", 1), ("first", 0)):
        comment_on(ticket, customer, content=content, now=NOON + hour * HOUR)
    assert texts(api_as(customer).get(route(ticket))) == ["first", "second", "third"]


def test_without_a_ticket_all_visible_comments_are_listed(
    api_as: Api, ticket: Any, customer: Any, stranger: Any, agent: Any
) -> None:
    other, foreign = ticket_of(customer), ticket_of(stranger)
    comment_on(ticket, customer, content="a")
    comment_on(other, agent, content="b")
    comment_on(other, agent, content="note", is_internal=True)
    comment_on(foreign, stranger, content="c")

    assert texts(api_as(customer).get("/api/comments/")) == ["a", "b"]
    assert texts(api_as(stranger).get("/api/comments/")) == ["c"]
    assert texts(api_as(agent).get("/api/comments/")) == ["a", "b", "note", "c"]
    assert texts(api_as(customer).get(f"/api/comments/?ticket={other.pk}")) == ["b"]
    assert texts(api_as(agent).get(f"/api/comments/?ticket={other.pk}")) == ["b", "note"]
    assert texts(api_as(customer).get(f"/api/comments/?ticket={foreign.pk}")) == []
    assert texts(api_as(customer).get("/api/comments/?ticket=9000000000")) == []


@pytest.mark.parametrize("query", ["ticket=x", "ticket=1.5", "before=x", "page=0", "ticket=" + "9" * 30])
def test_a_bad_question_is_400(api_as: Api, ticket: Any, route: Any, customer: Any, query: str) -> None:
    assert api_as(customer).get(f"{route(ticket)}?{query}").status_code == 400


def test_a_comment_is_not_found_on_another_ticket(api_as: Api, ticket: Any, customer: Any, agent: Any) -> None:
    other, comment = ticket_of(customer), comment_on(ticket, customer)
    url = f"/api/tickets/{other.pk}/comments/{comment.pk}/"
    for user in (customer, agent):
        client = api_as(user)
        assert [client.get(url).status_code, client.patch(url, {"content": "x"}).status_code] == [404, 404]
        assert client.delete(url).status_code == 404
    assert Comment.objects.get(pk=comment.pk).content == "Water helps."


def test_the_detail_shows_the_latest_hundred_and_leads_to_the_rest(
    api_as: Api, ticket: Any, customer: Any, agent: Any
) -> None:
    for n in range(145):
        # Two at a time share a moment: the id decides.
        comment_on(ticket, customer, content=str(n), now=NOON + timedelta(minutes=n // 2))
        if n % 10 == 0:
            comment_on(ticket, agent, content="note", is_internal=True, now=NOON + timedelta(minutes=n // 2))
    client = api_as(customer)

    detail = client.get(f"/api/tickets/{ticket.pk}/").json()

    assert [comment["content"] for comment in detail["comments"]] == [str(n) for n in range(45, 145)]
    older, url = [], detail["comments_previous"]
    while url:
        page = client.get(url).json()
        older += [comment["content"] for comment in page["results"]]
        assert page["count"] == 45
        url = page["next"]
    assert older == [str(n) for n in range(45)]
    staff = api_as(agent).get(f"/api/tickets/{ticket.pk}/").json()
    assert (len(staff["comments"]), staff["comments_count"]) == (100, 160)
    assert api_as(agent).get(staff["comments_previous"]).json()["count"] == 60
    assert "/api/v1/tickets/" in client.get(f"/api/v1/tickets/{ticket.pk}/").json()["comments_previous"]


@pytest.mark.parametrize("comments", [99, 100, 101])
def test_a_hundred_comments_leave_no_rest(api_as: Api, ticket: Any, customer: Any, comments: int) -> None:
    for n in range(comments):
        comment_on(ticket, customer, content=str(n))
    detail = api_as(customer).get(f"/api/tickets/{ticket.pk}/").json()
    assert (len(detail["comments"]), detail["comments_previous"] is not None) == (min(comments, 100), comments > 100)


def test_before_an_unseen_comment_there_is_nothing(
    api_as: Api, ticket: Any, customer: Any, stranger: Any, agent: Any
) -> None:
    comment_on(ticket, customer)
    note = comment_on(ticket, agent, is_internal=True, now=NOON + HOUR)
    foreign = comment_on(ticket_of(stranger), stranger, now=NOON + HOUR)
    for pk in (note.pk, foreign.pk, 9_000_000_000, 0, -1):
        assert api_as(customer).get(f"/api/comments/?before={pk}").json()["results"] == []
    assert texts(api_as(agent).get(f"/api/comments/?before={note.pk}")) == ["Water helps."]
