"""`seen_version`: whoever answers without having read the last answer is shown it first."""

from collections.abc import Callable
from typing import Any

import pytest

from helpdesk.tickets.models import Comment
from tests.contracts.refusals import is_a_problem, stored
from tests.factories import comment_on

Api = Callable[[Any], Any]


@pytest.fixture
def reply(api_as: Api, route: Callable[..., str], ticket: Any) -> Callable[..., Any]:
    """`reply(user, seen_version=…)`, by either address."""

    def post(user: Any, **body: Any) -> Any:
        return api_as(user).post(route(ticket), {"ticket": ticket.pk, "content": "Sand helps."} | body)

    return post


def test_newer_comments_of_others_are_shown_and_nothing_is_said(
    reply: Any, ticket: Any, customer: Any, agent: Any, admin: Any
) -> None:
    seen = comment_on(ticket, customer)
    newer = [comment_on(ticket, customer, content="It burns more."), comment_on(ticket, admin, content="On my way.")]
    before = stored()

    refusal = reply(agent, seen_version=seen.pk)

    assert is_a_problem(refusal, 409)
    assert refusal.json()["code"] == "newer_comments"
    told = [(comment["id"], comment["content"], comment["author"]["id"]) for comment in refusal.json()["comments"]]
    assert told == [(comment.pk, comment.content, comment.author_id) for comment in newer]
    assert stored() == before
    assert reply(agent, seen_version=newer[-1].pk).status_code == 201


def test_who_has_seen_none_says_zero_and_who_says_nothing_is_not_asked(
    reply: Any, ticket: Any, customer: Any, agent: Any
) -> None:
    assert reply(agent, seen_version=0).status_code == 201
    comment_on(ticket, customer)
    assert reply(agent, seen_version=0).status_code == 409
    assert reply(agent).status_code == 201


def test_by_force_it_is_said_all_the_same(reply: Any, ticket: Any, customer: Any, agent: Any) -> None:
    comment_on(ticket, customer)

    assert reply(agent, seen_version=0, force=False).status_code == 409
    assert reply(agent, seen_version=0, force=True).status_code == 201


def test_ones_own_comments_and_deleted_ones_are_no_news(
    reply: Any, api_as: Api, ticket: Any, customer: Any, agent: Any
) -> None:
    comment_on(ticket, agent)
    gone = comment_on(ticket, customer)
    api_as(customer).delete(f"/api/comments/{gone.pk}/")

    assert reply(agent, seen_version=0).status_code == 201


def test_a_note_is_no_news_to_anybody(reply: Any, ticket: Any, customer: Any, agent: Any, admin: Any) -> None:
    comment_on(ticket, admin, is_internal=True, content="zzsecret")

    assert reply(customer, seen_version=0).status_code == 201
    comment_on(ticket, admin, content="Water.")
    comment_on(ticket, admin, is_internal=True, content="zzsecret")
    refusal = reply(customer, seen_version=0)
    assert refusal.status_code == 409
    assert b"zzsecret" not in refusal.content
    assert [set(comment) & {"is_internal"} for comment in refusal.json()["comments"]] == [set()]


def test_of_very_many_the_newest_hundred_are_shown(reply: Any, ticket: Any, customer: Any, agent: Any) -> None:
    for n in range(103):
        comment_on(ticket, customer, content=str(n))

    told = reply(agent, seen_version=0).json()["comments"]

    assert [comment["content"] for comment in told] == [str(n) for n in range(3, 103)]


@pytest.mark.parametrize("seen", [-1, 1.5, "7", True, [], {}, 2**63])
def test_what_can_be_no_comments_id_is_refused(reply: Any, ticket: Any, agent: Any, seen: Any) -> None:
    refusal = reply(agent, seen_version=seen)

    assert is_a_problem(refusal, 400)
    assert Comment.objects.count() == 0


@pytest.mark.parametrize("force", ["yes", 1, None, []])
def test_force_is_true_or_false(reply: Any, ticket: Any, agent: Any, force: Any) -> None:
    assert reply(agent, force=force).json()["errors"][0]["field"] == "force"


def test_the_id_of_anothers_comment_tells_nothing(reply: Any, ticket: Any, customer: Any, stranger: Any) -> None:
    """It is compared as a number, and looked up nowhere."""
    from tests.factories import ticket_of

    foreign = comment_on(ticket_of(stranger), stranger)

    assert reply(customer, seen_version=foreign.pk).status_code == reply(customer, seen_version=10**9).status_code
