"""ETag, If-None-Match and If-Match on tickets and comments: who has seen an old state is told, and changes nothing."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from helpdesk.events.models import EventRecord
from helpdesk.tickets.models import Comment, Ticket
from helpdesk.tickets.operations.history_check import Checked, check_history
from tests.contracts.refusals import is_a_problem, stored
from tests.factories import comment_on, team_of, ticket_of
from tests.people import NOON

Api = Callable[[Any], Any]

FOUR = {"title": "Smoke", "description": "It smokes.", "status": "pending", "priority": "low"}
NO_ETAGS = ["7", "", " ", "abc", '"7', '7"', "'7'", '"7" "8"', '"7",', 'w/"7"', '"7", *', '"a b"', '"7\t"', "null"]


@pytest.fixture
def ticket(customer: Any, agent: Any) -> Any:
    return ticket_of(customer)


def if_match(value: str) -> dict[str, str]:
    return {"HTTP_IF_MATCH": value}


# --- what is told ----------------------------------------------------------------------------------------------------


def test_a_row_has_its_version_and_a_hash_in_its_etag(api_as: Api, ticket: Any, customer: Any, agent: Any) -> None:
    comment = comment_on(ticket, customer)
    for user in (customer, agent):
        for url in (f"/api/tickets/{ticket.pk}/", f"/api/comments/{comment.pk}/"):
            answer = api_as(user).get(url)
            assert re.fullmatch(r'"1-[0-9a-f]{32}"', answer.headers["ETag"])
            assert api_as(user).head(url).headers["ETag"] == answer.headers["ETag"]
            # Two who see different things have two representations.
    assert len({api_as(user).get(f"/api/tickets/{ticket.pk}/").headers["ETag"] for user in (customer, agent)}) == 2


def test_whoever_changes_a_row_gets_the_etag_that_a_reader_gets(api_as: Api, ticket: Any, agent: Any) -> None:
    client, url = api_as(agent), f"/api/tickets/{ticket.pk}/"
    for method, path, body in (
        ("post", "/api/tickets/", {"title": "x", "description": "x"}),
        ("patch", url, {"priority": "urgent"}),
        ("put", url, FOUR),
        *(("post", f"{url}{action}/", None) for action in ("claim", "close", "reopen")),
    ):
        answer = getattr(client, method)(path, body)
        here = f"/api/tickets/{answer.json()['id']}/"
        assert answer.headers["ETag"] == client.get(here).headers["ETag"]
    said = client.post(f"{url}comments/", {"content": "x"})
    edited = client.patch(f"/api/comments/{said.json()['id']}/", {"content": "y"})
    assert (said.headers["ETag"][:3], edited.headers["ETag"][:3]) == ('"1-', '"2-')
    assert edited.headers["ETag"] == client.get(f"/api/comments/{said.json()['id']}/").headers["ETag"]


def test_whoever_hands_on_merges_or_splits_gets_it_too(api_as: Api, ticket: Any, customer: Any, agent: Any) -> None:
    client, url = api_as(agent), f"/api/tickets/{ticket.pk}/"
    comment, other = comment_on(ticket, customer), ticket_of(customer)
    for path, body in (
        ("assign/", {"user": agent.pk}),
        ("unassign/", None),
        (f"comments/{comment.pk}/split/", {}),
        ("merge/", {"into": other.pk}),
        ("unmerge/", None),
    ):
        answer = client.post(f"{url}{path}", body)
        here = f"/api/tickets/{answer.json()['id']}/"
        assert answer.headers.get("ETag") == client.get(here).headers["ETag"], path


def test_lists_refusals_and_what_has_no_version_have_no_etag(api_as: Api, ticket: Any, customer: Any) -> None:
    client = api_as(customer)
    for url in ("/api/tickets/", f"/api/tickets/{ticket.pk}/timeline/", "/api/users/me/", "/api/tickets/0/"):
        assert "ETag" not in client.get(url).headers
    assert "ETag" not in client.patch(f"/api/tickets/{ticket.pk}/", {"title": "x"}).headers


# --- If-None-Match ---------------------------------------------------------------------------------------------------


def test_whoever_has_it_already_gets_304_and_no_body(api_as: Api, ticket: Any, customer: Any, settings: Any) -> None:
    client, url = api_as(customer), f"/api/tickets/{ticket.pk}/"
    etag = client.get(url).headers["ETag"]
    for known in (etag, f"W/{etag}", f'"x", {etag}', f' {etag} ,W/"y"', "*"):
        answer = client.get(url, HTTP_IF_NONE_MATCH=known)
        assert (answer.status_code, answer.content, answer.headers["ETag"]) == (304, b"", etag)
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert answer.headers["X-Request-ID"]
        assert "Content-Type" not in answer.headers
    assert client.head(url, HTTP_IF_NONE_MATCH=etag).status_code == 304


@pytest.mark.parametrize("known", ['"1"', '"1-0"', '"abc"', *NO_ETAGS])
def test_a_reader_compares_all_of_it(api_as: Api, ticket: Any, customer: Any, known: str) -> None:
    answer = api_as(customer).get(f"/api/tickets/{ticket.pk}/", HTTP_IF_NONE_MATCH=known)

    assert (answer.status_code, answer.json()["id"]) == (200, ticket.pk)


def test_a_comment_makes_the_answer_new_and_leaves_the_version(
    api_as: Api, ticket: Any, customer: Any, agent: Any
) -> None:
    client, url = api_as(customer), f"/api/tickets/{ticket.pk}/"
    before = client.get(url).headers["ETag"]
    comment_on(ticket, agent)

    after = client.get(url, HTTP_IF_NONE_MATCH=before)

    assert (after.status_code, after.json()["version"]) == (200, 1)
    assert after.headers["ETag"] != before
    assert api_as(agent).patch(url, {"title": "Smoke"}, **if_match(before)).status_code == 200


def test_a_note_moves_nothing_that_a_customer_can_see(api_as: Api, ticket: Any, customer: Any, agent: Any) -> None:
    client, staff, url = api_as(customer), api_as(agent), f"/api/tickets/{ticket.pk}/"
    comment_on(ticket, customer, content="Hello?")
    before, by_staff = client.get(url), staff.get(url).headers["ETag"]

    note = staff.post(f"{url}comments/", {"content": "Again?", "is_internal": True}).json()["id"]
    for change in (
        lambda: None,
        lambda: staff.patch(f"/api/comments/{note}/", {"content": "Again!"}),
        lambda: staff.delete(f"/api/comments/{note}/"),
    ):
        change()
        after = client.get(url)
        assert (after.content, after.headers["ETag"]) == (before.content, before.headers["ETag"])
        assert client.get(url, HTTP_IF_NONE_MATCH=before.headers["ETag"]).status_code == 304
        # And an agent's answer is new, though the version is not.
        assert staff.get(url, HTTP_IF_NONE_MATCH=by_staff).status_code == 200
        assert staff.get(url).json()["version"] == 1
    assert client.post(f"{url}close/", **if_match(before.headers["ETag"])).status_code == 200


# --- If-Match --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("known", ['"1"', '"1-whatever"', 'W/"1-x"', "*", '"9", "1"', '"abc","1-x"', ' "1" '])
def test_a_change_that_was_made_for_this_version_is_done(api_as: Api, ticket: Any, agent: Any, known: str) -> None:
    answer = api_as(agent).patch(f"/api/tickets/{ticket.pk}/", {"title": "Smoke"}, **if_match(known))

    assert (answer.status_code, answer.json()["version"]) == (200, 2)


@pytest.mark.parametrize("stale", ['"1"', '"1-x"', '"3"', '"01"', '"abc"', '""', '"-2"', '"2.0"', '"' + "9" * 40 + '"'])
def test_a_change_that_was_made_for_another_version_is_refused(
    api_as: Api, ticket: Any, customer: Any, agent: Any, stale: str
) -> None:
    client, url = api_as(agent), f"/api/tickets/{ticket.pk}/"
    comment = comment_on(ticket, agent)
    client.patch(url, {"status": "resolved"})
    client.patch(f"/api/comments/{comment.pk}/", {"content": "y"})
    before = stored()

    for method, path, body in (
        ("patch", url, {"title": "Smoke"}),
        ("patch", url, {"status": "resolved"}),  # what is so already
        ("put", url, FOUR),
        ("delete", url, None),
        ("post", f"{url}close/", None),
        ("post", f"{url}reopen/", None),
        ("post", f"{url}claim/", None),
        ("patch", f"/api/comments/{comment.pk}/", {"content": "z"}),
        ("patch", f"{url}comments/{comment.pk}/", {"content": "z"}),
        ("delete", f"/api/comments/{comment.pk}/", None),
    ):
        answer = getattr(client, method)(path, body, **if_match(stale))
        assert is_a_problem(answer, 412), (method, path)
        assert (answer.json()["code"], answer.json()["current_version"]) == ("precondition_failed", 2)
    assert api_as(customer).post(f"{url}close/", **if_match(stale)).status_code == 412
    assert stored() == before


def test_a_deleted_ticket_is_restored_at_the_version_that_was_read(api_as: Api, ticket: Any, admin: Any) -> None:
    client, url = api_as(admin), f"/api/tickets/{ticket.pk}/"
    client.delete(url, **if_match('"1"'))

    assert client.post(f"{url}restore/", **if_match('"1"')).json()["conflicting_fields"] == ["deleted"]
    assert client.post(f"{url}restore/", **if_match('"2"')).json()["version"] == 3


def test_the_refusal_names_what_others_have_changed_since(api_as: Api, ticket: Any, agent: Any) -> None:
    client, url = api_as(agent), f"/api/tickets/{ticket.pk}/"
    client.patch(url, {"title": "Smoke", "assigned_to": agent.pk})
    client.patch(url, {"status": "pending"})
    comment = comment_on(ticket, agent)
    client.patch(f"/api/comments/{comment.pk}/", {"content": "z"})
    client.delete(f"/api/comments/{comment.pk}/")

    def conflicts(version: int) -> list[str]:
        return client.patch(url, {"priority": "low"}, **if_match(f'"{version}"')).json()["conflicting_fields"]

    assert conflicts(1) == ["assigned_to", "status", "title"]
    assert conflicts(2) == ["status"]
    edit = client.patch(f"/api/comments/{comment_on(ticket, agent).pk}/", {"content": "z"}, **if_match('"7"')).json()
    assert (edit["current_version"], edit["conflicting_fields"]) == (1, ["content"])


def test_a_customer_is_told_of_nothing_that_customers_do_not_see(
    api_as: Api, ticket: Any, customer: Any, agent: Any
) -> None:
    """As if a later part of the desk had told more in an event than it should."""
    api_as(agent).patch(f"/api/tickets/{ticket.pk}/", {"priority": "high"})
    told = EventRecord.objects.get(type="priority_changed")
    EventRecord.objects.filter(pk=told.pk).update(
        changes=told.changes | {field: {"from": None, "to": 1} for field in ("team", "secret", "title")}
    )
    url = f"/api/tickets/{ticket.pk}/close/"

    assert api_as(customer).post(url, **if_match('"1"')).json()["conflicting_fields"] == ["priority", "title"]
    assert api_as(agent).post(url, **if_match('"1"')).json()["conflicting_fields"] == ["priority", "team", "title"]


def test_another_team_moves_nothing_that_a_customer_can_see(
    api_as: Api, ticket: Any, customer: Any, agent: Any
) -> None:
    mine, staffs, url = api_as(customer), api_as(agent), f"/api/tickets/{ticket.pk}/"
    before, listed = mine.get(url), mine.get("/api/tickets/").content

    staffs.patch(url, {"team": team_of().pk})
    staffs.post("/api/tickets/bulk/", {"mode": "atomic", "ids": [ticket.pk], "changes": {"team": None}})

    after = mine.get(url)
    assert (after.headers["ETag"], after.content) == (before.headers["ETag"], before.content)
    assert mine.get("/api/tickets/").content == listed
    assert staffs.get(url).json()["version"] == 3
    assert "team" in staffs.patch(url, {"title": "x"}, **if_match('"1"')).json()["conflicting_fields"]
    # What they read is what they change.
    closed = mine.post(f"{url}close/", **if_match(before.headers["ETag"]))
    assert (closed.status_code, closed.json()["version"]) == (200, 2)
    stale = mine.post(f"{url}reopen/", **if_match(before.headers["ETag"])).json()
    assert (stale["current_version"], stale["conflicting_fields"]) == (2, ["status"])
    assert list(check_history()) == [Checked(tickets=1, last=ticket.pk, differing={})]


def test_every_action_tells_agents_of_the_team_too(api_as: Api, ticket: Any, customer: Any, agent: Any) -> None:
    client, url, other = api_as(agent), f"/api/tickets/{ticket.pk}/", ticket_of(customer)
    client.patch(url, {"team": team_of().pk})

    for path, body in (
        ("assign/", {"user": agent.pk}),
        ("unassign/", None),
        ("claim/", None),
        ("close/", None),
        ("merge/", {"into": other.pk}),
        ("unmerge/", None),
    ):
        answer = client.post(f"{url}{path}", body, **if_match('"1"'))
        assert (answer.status_code, answer.json()["conflicting_fields"]) == (412, ["team"]), path


def test_a_comment_that_was_edited_since_is_not_split_off(api_as: Api, ticket: Any, customer: Any, agent: Any) -> None:
    comment, client = comment_on(ticket, customer), api_as(agent)
    url = f"/api/tickets/{ticket.pk}/comments/{comment.pk}/split/"
    api_as(customer).patch(f"/api/comments/{comment.pk}/", {"content": "Never mind."})

    stale = client.post(url, **if_match('"1"'))

    assert (stale.status_code, stale.json()["current_version"]) == (412, 2)
    assert Ticket.objects.count() == 1
    assert client.post(url, **if_match('"2"')).status_code == 201


@pytest.mark.parametrize("none", NO_ETAGS)
def test_what_is_no_etag_is_400_and_changes_nothing(api_as: Api, ticket: Any, agent: Any, none: str) -> None:
    comment = comment_on(ticket, agent)
    url, before = f"/api/tickets/{ticket.pk}/", stored()
    client = api_as(agent)
    for answer in (
        client.patch(url, {"title": "Smoke"}, **if_match(none)),
        client.put(url, FOUR, **if_match(none)),
        client.delete(url, **if_match(none)),
        client.post(f"{url}claim/", **if_match(none)),
        client.patch(f"/api/comments/{comment.pk}/", {"content": "z"}, **if_match(none)),
        client.delete(f"/api/comments/{comment.pk}/", **if_match(none)),
    ):
        assert is_a_problem(answer, 400)
        assert answer.json()["code"] == "invalid_etag"
        assert answer.json()["errors"][0]["field"] == "If-Match"
    assert stored() == before


def test_the_row_the_role_and_the_body_come_before_the_precondition_and_that_before_the_state(
    api_as: Api, ticket: Any, customer: Any, stranger: Any, agent: Any
) -> None:
    url = f"/api/tickets/{ticket.pk}/"
    for known in ('"9"', "7"):
        assert api_as(None).patch(url, {"title": "x"}, **if_match(known)).status_code == 401
        assert api_as(stranger).patch(url, {"title": "x"}, **if_match(known)).status_code == 404
        assert api_as(stranger).post(f"{url}close/", **if_match(known)).status_code == 404
        assert api_as(customer).patch(url, {"title": "x"}, **if_match(known)).status_code == 403
        assert api_as(agent).patch(url, {"title": ""}, **if_match(known)).status_code == 400
    client = api_as(agent)
    client.post(f"{url}close/")
    assert client.patch(url, {"status": "pending"}, **if_match('"1"')).status_code == 412
    assert client.patch(url, {"status": "pending"}, **if_match('"2"')).status_code == 409
    assert client.post(f"{url}claim/", **if_match('"2"')).status_code == 200


def test_without_if_match_a_change_is_done_whatever_came_before(api_as: Api, ticket: Any, agent: Any) -> None:
    client, url = api_as(agent), f"/api/tickets/{ticket.pk}/"
    client.patch(url, {"title": "Smoke"})
    client.patch(url, {"priority": "low"})

    row = Ticket.objects.get(pk=ticket.pk)
    assert (row.title, row.priority, row.version) == ("Smoke", "low", 3)


def test_the_rows_of_a_comment_and_its_ticket_have_versions_of_their_own(
    api_as: Api, ticket: Any, customer: Any
) -> None:
    client = api_as(customer)
    comment = comment_on(ticket, customer, now=NOON)
    client.patch(f"/api/comments/{comment.pk}/", {"content": "y"}, **if_match('"1"'))

    assert Comment.objects.get(pk=comment.pk).version == 2
    assert client.post(f"/api/tickets/{ticket.pk}/close/", **if_match('"1"')).status_code == 200
