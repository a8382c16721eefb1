"""Comments and internal notes, flat and nested: the same routes with the ticket fixed."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from helpdesk.events.models import EventRecord
from helpdesk.tickets.models import Comment, Ticket
from helpdesk.tickets.operations.tickets import update_ticket
from tests.factories import comment_on, ticket_of
from tests.people import NOON, AgentFactory

Api = Callable[[Any], Any]

HOUR = timedelta(hours=1)


@pytest.fixture
def ticket(customer: Any) -> Any:
    return ticket_of(customer)


@pytest.fixture(params=["flat", "nested"])
def route(request: pytest.FixtureRequest) -> Callable[..., str]:
    """`route(ticket)` or `route(ticket, comment)`: the same place, said in both ways."""

    def url(ticket: Any, comment: Any = None) -> str:
        base = "/api/comments/" if request.param == "flat" else f"/api/tickets/{ticket.pk}/comments/"
        return base if comment is None else f"{base}{comment.pk}/"

    return url


def say(client: Any, url: str, ticket: Any, /, **body: Any) -> Any:
    return client.post(
        url, {"content": "Water helps."} | ({"ticket": ticket.pk} if url == "/api/comments/" else {}) | body
    )


def told(ticket: Any) -> list[str]:
    records = EventRecord.objects.filter(subject_id=ticket.pk).exclude(type="ticket_created").order_by("id")
    return list(records.values_list("type", flat=True))


def texts(response: Any) -> list[str]:
    assert response.status_code == 200, response.content
    return [comment["content"] for comment in response.json()["results"]]


# --- writing ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["customer", "agent", "admin"])
def test_whoever_sees_a_ticket_comments_on_it(
    api_as: Api, ticket: Any, route: Any, request: pytest.FixtureRequest, role: str
) -> None:
    user = request.getfixturevalue(role)

    response = say(api_as(user), route(ticket), ticket)

    assert response.status_code == 201
    body = response.json()
    assert body == {
        "id": body["id"],
        "ticket": ticket.pk,
        "author": {"id": user.pk, "username": user.username, "name": user.name, "role": role},
        "content": "Water helps.",
        "created_at": body["created_at"],
        "edited_at": None,
        "version": 1,
    } | ({} if role == "customer" else {"is_internal": False})
    comment = Comment.objects.get()
    assert api_as(user).get(route(ticket, comment)).json() == body
    assert texts(api_as(user).get(route(ticket))) == ["Water helps."]
    assert told(ticket) == ["comment_added"]


@pytest.mark.parametrize("role", ["agent", "admin"])
def test_staff_write_notes_that_customers_do_not_see(
    api_as: Api, ticket: Any, route: Any, customer: Any, request: pytest.FixtureRequest, role: str
) -> None:
    author = request.getfixturevalue(role)

    response = say(api_as(author), route(ticket), ticket, is_internal=True)

    assert (response.status_code, response.json()["is_internal"]) == (201, True)
    note = Comment.objects.get()
    assert texts(api_as(author).get(route(ticket))) == ["Water helps."]
    assert texts(api_as(customer).get(route(ticket))) == []
    assert api_as(customer).get(route(ticket, note)).status_code == 404
    assert told(ticket) == ["note_added"]


def test_a_customer_who_tries_a_note_is_403_and_nothing_is_stored(
    api_as: Api, ticket: Any, route: Any, customer: Any
) -> None:
    for value in (True, "yes", 1):
        assert say(api_as(customer), route(ticket), ticket, is_internal=value).status_code == 403
    assert say(api_as(customer), route(ticket), ticket, is_internal=True, content="").status_code == 403
    assert (Comment.objects.count(), told(ticket)) == (0, [])
    assert say(api_as(customer), route(ticket), ticket, is_internal=False).status_code == 201


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"content": ""}, "content", "blank"),
        ({"content": " \n "}, "content", "blank"),
        ({"content": None}, "content", "null"),
        ({"content": 5}, "content", "invalid"),
        ({"content": "x" * 20_001}, "content", "max_length"),
        ({"is_internal": "yes"}, "is_internal", "invalid"),
        ({"is_internal": 1}, "is_internal", "invalid"),
        ({"is_internal": None}, "is_internal", "null"),
    ],
)
def test_a_bad_comment_is_400_and_names_its_field(
    api_as: Api, ticket: Any, route: Any, agent: Any, body: Any, field: str, code: str
) -> None:
    response = say(api_as(agent), route(ticket), ticket, **body)
    assert response.status_code == 400
    assert [(e["field"], e["code"]) for e in response.json()["errors"]] == [(field, code)]
    assert Comment.objects.count() == 0


def test_the_longest_comment_fits_and_is_kept_to_the_letter(api_as: Api, ticket: Any, customer: Any) -> None:
    longest = " a < b <script>\n\t🔥 " * 1000 + "é" * 1000
    assert len(longest) == 20_000
    assert say(api_as(customer), "/api/comments/", ticket, content=longest).json()["content"] == longest


@pytest.mark.parametrize("odd", ["1", "x", None, True, 1.5, [1], {"id": 1}, -1, 0])
def test_a_ticket_that_is_no_id_is_400(api_as: Api, customer: Any, odd: Any) -> None:
    response = api_as(customer).post("/api/comments/", {"ticket": odd, "content": "x"})
    assert response.status_code == 400
    assert [e["field"] for e in response.json()["errors"]] == ["ticket"]


def test_a_comment_needs_its_ticket_and_its_content(api_as: Api, customer: Any) -> None:
    response = api_as(customer).post("/api/comments/", {})
    assert response.status_code == 400
    assert {(e["field"], e["code"]) for e in response.json()["errors"]} == {
        ("ticket", "required"),
        ("content", "required"),
    }


def test_a_nested_comment_belongs_to_the_ticket_of_its_path(api_as: Api, ticket: Any, customer: Any) -> None:
    other = ticket_of(customer)
    response = api_as(customer).post(f"/api/tickets/{ticket.pk}/comments/", {"content": "x", "ticket": other.pk})
    assert (response.status_code, response.json()["ticket"]) == (201, ticket.pk)


def test_unknown_and_read_only_members_are_ignored(
    api_as: Api, ticket: Any, route: Any, customer: Any, agent: Any
) -> None:
    response = say(
        api_as(customer),
        route(ticket),
        ticket,
        id=7_000,
        author=agent.pk,
        created_at="1999-01-01T00:00:00Z",
        edited_at="1999-01-01T00:00:00Z",
        version=9,
        colour="red",
    )
    assert response.status_code == 201
    body = response.json()
    assert (body["author"]["id"], body["version"], body["edited_at"]) == (customer.pk, 1, None)
    assert body["id"] != 7_000
    assert body["created_at"] > "2026"


def test_a_closed_ticket_takes_comments_from_staff_only(
    api_as: Api, ticket: Any, route: Any, customer: Any, agent: Any
) -> None:
    update_ticket(by=agent, ticket_id=ticket.pk, changes={"status": "closed"}, now=NOON)

    refused = say(api_as(customer), route(ticket), ticket)

    assert (refused.status_code, refused.json()["code"]) == (409, "ticket_closed")
    assert Comment.objects.count() == 0
    assert say(api_as(agent), route(ticket), ticket).status_code == 201
    assert say(api_as(agent), route(ticket), ticket, is_internal=True).status_code == 201
    assert Ticket.objects.get(pk=ticket.pk).status == "closed"


# --- waking ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["open", "in_progress", "pending", "resolved"])
def test_a_customers_comment_wakes_a_ticket_that_waited_for_one(
    api_as: Api, ticket: Any, route: Any, customer: Any, agent: Any, status: str
) -> None:
    ticket = update_ticket(by=agent, ticket_id=ticket.pk, changes={"status": status}, now=NOON)
    before = told(ticket)

    assert say(api_as(customer), route(ticket), ticket).status_code == 201

    stored = Ticket.objects.get(pk=ticket.pk)
    if status in {"pending", "resolved"}:
        assert told(ticket)[len(before) :] == ["comment_added", "status_changed"]
        assert (stored.status, stored.version) == ("open", ticket.version + 1)
        assert set(EventRecord.objects.order_by("-id").values_list("actor_id", flat=True)[:2]) == {customer.pk}
    else:
        assert told(ticket)[len(before) :] == ["comment_added"]
        assert (stored.status, stored.version) == (status, ticket.version)


@pytest.mark.parametrize("status", ["pending", "resolved"])
def test_staff_and_notes_wake_nothing(api_as: Api, ticket: Any, agent: Any, admin: Any, status: str) -> None:
    update_ticket(by=agent, ticket_id=ticket.pk, changes={"status": status}, now=NOON)
    for user in (agent, admin):
        for internal in (True, False):
            say(api_as(user), "/api/comments/", ticket, is_internal=internal)
    assert Ticket.objects.get(pk=ticket.pk).status == status


@pytest.mark.parametrize("status", ["pending", "resolved"])
def test_waking_can_be_switched_off(
    api_as: Api, ticket: Any, customer: Any, agent: Any, settings: Any, status: str
) -> None:
    settings.CUSTOMER_COMMENT_REOPENS = False
    update_ticket(by=agent, ticket_id=ticket.pk, changes={"status": status}, now=NOON)
    assert say(api_as(customer), "/api/comments/", ticket).status_code == 201
    assert Ticket.objects.get(pk=ticket.pk).status == status
    assert told(ticket)[-1] == "comment_added"


# --- reading ---------------------------------------------------------------------------------------------------------


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


# --- changing --------------------------------------------------------------------------------------------------------


def test_an_author_edits_their_comment(api_as: Api, ticket: Any, route: Any, customer: Any) -> None:
    comment = comment_on(ticket, customer)
    version = Ticket.objects.get(pk=ticket.pk).version

    response = api_as(customer).patch(route(ticket, comment), {"content": "Sand helps."})

    assert response.status_code == 200
    body = response.json()
    assert (body["content"], body["version"]) == ("Sand helps.", 2)
    assert body["edited_at"] > "2026"
    assert api_as(customer).get(route(ticket, comment)).json() == body
    assert told(ticket) == ["comment_added", "comment_updated"]
    assert EventRecord.objects.last().changes == {"content": {"from": "Water helps.", "to": "Sand helps."}}
    assert Ticket.objects.get(pk=ticket.pk).version == version


def test_the_same_content_again_changes_nothing(api_as: Api, ticket: Any, route: Any, customer: Any) -> None:
    comment = comment_on(ticket, customer)
    response = api_as(customer).patch(route(ticket, comment), {"content": "Water helps."})
    assert (response.status_code, response.json()["version"], response.json()["edited_at"]) == (200, 1, None)
    assert told(ticket) == ["comment_added"]


def test_only_its_author_edits_a_comment(
    api_as: Api, ticket: Any, route: Any, customer: Any, agent: Any, admin: Any
) -> None:
    mine, theirs = comment_on(ticket, customer), comment_on(ticket, agent)
    for user, comment in ((agent, mine), (admin, mine), (customer, theirs), (admin, theirs)):
        response = api_as(user).patch(route(ticket, comment), {"content": "Oil helps."})
        assert (response.status_code, response.json()["code"]) == (403, "permission_denied")
    assert set(Comment.objects.values_list("content", flat=True)) == {"Water helps."}


def test_an_edit_needs_content_and_moves_nothing_else(
    api_as: Api, ticket: Any, route: Any, customer: Any, agent: Any
) -> None:
    other = ticket_of(customer)
    comment = comment_on(ticket, agent)
    client, url = api_as(agent), route(ticket, comment)

    for body in ({}, {"content": ""}, {"content": None}, {"content": "x" * 20_001}):
        assert client.patch(url, body).status_code == 400
    moved = client.patch(
        url, {"content": "new", "ticket": other.pk, "author": customer.pk, "is_internal": True, "version": 40}
    )

    assert moved.status_code == 200
    body = moved.json()
    assert (body["ticket"], body["author"]["id"], body["is_internal"], body["version"]) == (
        ticket.pk,
        agent.pk,
        False,
        2,
    )
    assert Comment.objects.get(pk=comment.pk).ticket_id == ticket.pk


def test_comments_are_not_put(api_as: Api, ticket: Any, route: Any, customer: Any) -> None:
    comment = comment_on(ticket, customer)
    response = api_as(customer).put(route(ticket, comment), {"content": "x"})
    assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")


@pytest.mark.parametrize("role", ["customer", "admin"])
def test_an_author_or_an_admin_deletes_a_comment(
    api_as: Api, ticket: Any, route: Any, customer: Any, request: pytest.FixtureRequest, role: str
) -> None:
    comment = comment_on(ticket, customer)
    client = api_as(request.getfixturevalue(role))

    response = client.delete(route(ticket, comment))

    assert (response.status_code, response.content) == (204, b"")
    assert client.get(route(ticket, comment)).status_code == 404
    assert client.delete(route(ticket, comment)).status_code == 404
    assert texts(client.get(route(ticket))) == []
    assert told(ticket) == ["comment_added", "comment_deleted"]
    assert Comment.objects.get().deleted_at is not None


def test_nobody_else_deletes_a_comment(api_as: Api, ticket: Any, route: Any, customer: Any, agent: Any) -> None:
    mine, theirs = comment_on(ticket, customer), comment_on(ticket, agent)
    for user, comment in ((agent, mine), (customer, theirs), (AgentFactory(), theirs)):
        assert api_as(user).delete(route(ticket, comment)).status_code == 403
    assert Comment.objects.filter(deleted_at=None).count() == 2


def test_notes_are_edited_and_deleted_without_a_word_to_customers(
    api_as: Api, ticket: Any, route: Any, customer: Any, agent: Any
) -> None:
    note = comment_on(ticket, agent, is_internal=True)
    assert api_as(agent).patch(route(ticket, note), {"content": "Sand helps."}).status_code == 200
    assert api_as(agent).delete(route(ticket, note)).status_code == 204
    assert told(ticket) == ["note_added", "note_updated", "note_deleted"]
    assert api_as(customer).get(f"/api/tickets/{ticket.pk}/timeline/").json()["results"] == []


# --- what a comment moves --------------------------------------------------------------------------------------------


def columns(ticket: Any) -> dict[str, Any]:
    return (
        Ticket.objects.filter(pk=ticket.pk)
        .values(
            "comments_count",
            "public_comments_count",
            "last_comment_at",
            "public_last_comment_at",
            "updated_at",
            "public_updated_at",
            "version",
        )
        .get()
    )


def test_counters_and_times_are_kept_twice(api_as: Api, ticket: Any, customer: Any, agent: Any) -> None:
    from helpdesk.tickets.operations.comments import delete_comment

    reply = comment_on(ticket, customer, now=NOON + HOUR)
    note = comment_on(ticket, agent, is_internal=True, now=NOON + 2 * HOUR)
    assert columns(ticket) == {
        "comments_count": 2,
        "public_comments_count": 1,
        "last_comment_at": NOON + 2 * HOUR,
        "public_last_comment_at": NOON + HOUR,
        "updated_at": NOON + 2 * HOUR,
        "public_updated_at": NOON + HOUR,
        "version": 1,
    }

    delete_comment(by=agent, comment_id=note.pk, now=NOON + 3 * HOUR)
    assert columns(ticket) == {
        "comments_count": 1,
        "public_comments_count": 1,
        "last_comment_at": NOON + HOUR,
        "public_last_comment_at": NOON + HOUR,
        "updated_at": NOON + 3 * HOUR,
        "public_updated_at": NOON + HOUR,
        "version": 1,
    }

    delete_comment(by=customer, comment_id=reply.pk, now=NOON + 4 * HOUR)
    assert columns(ticket) == {
        "comments_count": 0,
        "public_comments_count": 0,
        "last_comment_at": None,
        "public_last_comment_at": None,
        "updated_at": NOON + 4 * HOUR,
        "public_updated_at": NOON + 4 * HOUR,
        "version": 1,
    }


def test_a_comment_that_was_late_for_the_row_does_not_turn_time_back(ticket: Any, customer: Any) -> None:
    comment_on(ticket, customer, now=NOON + 2 * HOUR)
    comment_on(ticket, customer, now=NOON + HOUR)
    moved = columns(ticket)
    assert {moved[name] for name in moved if name.endswith("_at")} == {NOON + 2 * HOUR}
