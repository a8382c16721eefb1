"""What one part of the desk does, where another one is in its way."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from helpdesk.events.models import EventRecord
from helpdesk.tickets.models import AssignmentDecision, Attachment, Merge, Ticket, Timer
from helpdesk.tickets.operations import merges, tickets
from helpdesk.tickets.operations.history_check import check_history
from tests.factories import attachment_on, comment_on, team_of, ticket_of
from tests.people import NOON, AgentFactory

Api = Callable[[Any], Any]

DAY = timedelta(days=1)


@pytest.fixture
def other(customer: Any) -> Any:
    return ticket_of(customer, title="Smoke in the print room")


@pytest.mark.parametrize("action", ["merge", "split", "claim", "bulk", "attach", "refused"])
def test_whatever_is_sent_twice_with_one_key_is_done_once(
    api_as: Api, ticket: Any, other: Any, customer: Any, agent: Any, action: str
) -> None:
    comment, url = comment_on(ticket, customer), f"/api/tickets/{ticket.pk}/"
    path, body = {
        "merge": (f"{url}merge/", {"into": other.pk}),
        "split": (f"{url}comments/{comment.pk}/split/", {}),
        "claim": (f"{url}claim/", {}),
        "bulk": ("/api/tickets/bulk/", {"mode": "atomic", "ids": [ticket.pk], "changes": {"priority": "urgent"}}),
        "attach": (f"{url}attachments/", None),
        "refused": (f"{url}merge/", {"into": ticket.pk}),
    }[action]
    client = api_as(agent)

    def send() -> Any:
        if body is not None:
            return client.post(path, body, HTTP_IDEMPOTENCY_KEY="one")
        file = SimpleUploadedFile("smoke.txt", b"It burns.\n", content_type="text/plain")
        form = encode_multipart(BOUNDARY, {"file": file})
        return client.post(path, form, content_type=MULTIPART_CONTENT, HTTP_IDEMPOTENCY_KEY="one")

    first = send()
    told = EventRecord.objects.count()
    second = send()

    assert EventRecord.objects.count() == told
    assert first.status_code == second.status_code
    assert second.headers.get("Idempotent-Replayed") == (None if action == "refused" else "true")
    assert (first.content == second.content) == (action != "refused")
    assert (Merge.objects.count(), Attachment.objects.count()) == (action == "merge", action == "attach")


def test_a_dry_run_leaves_nothing_behind(
    api_as: Api, ticket: Any, customer: Any, agent: Any, django_capture_on_commit_callbacks: Any
) -> None:
    team = team_of(AgentFactory(), assignment="round_robin")
    before, told = Ticket.objects.values().get(), EventRecord.objects.count()
    body = {"mode": "atomic", "ids": [ticket.pk], "changes": {"status": "resolved", "team": team.pk}, "dry_run": True}

    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        answer = api_as(agent).post("/api/tickets/bulk/", body).json()

    assert (answer["committed"], answer["results"][0]["status"]) == (False, 200)
    assert (Ticket.objects.values().get(), EventRecord.objects.count(), callbacks) == (before, told, [])
    assert not Timer.objects.exists()
    assert not AssignmentDecision.objects.exists()


def test_a_merge_disarms_and_its_undoing_arms(api_as: Api, ticket: Any, other: Any, agent: Any) -> None:
    tickets.update_ticket(by=agent, ticket_id=ticket.pk, changes={"status": "resolved"}, now=NOON)
    merges.merge_ticket(by=agent, ticket_id=ticket.pk, into=other.pk, now=NOON + DAY)
    assert not Timer.objects.exists()

    merges.unmerge_ticket(by=agent, ticket_id=ticket.pk, now=NOON + 2 * DAY)

    assert Timer.objects.get().due_at == NOON + 9 * DAY


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_two_merges_either_is_undone_first(
    api_as: Api, ticket: Any, other: Any, customer: Any, agent: Any, order: tuple[int, int]
) -> None:
    target, sources = ticket_of(customer), (ticket, other)
    said = [comment_on(source, customer, content=source.title) for source in sources]
    files = [attachment_on(source, customer) for source in sources]
    for source in sources:
        merges.merge_ticket(by=agent, ticket_id=source.pk, into=target.pk, now=NOON)
    client = api_as(agent)
    client.patch(f"/api/comments/{comment_on(target, agent).pk}/", {"content": "Since."})
    api_as(customer).patch(f"/api/comments/{said[0].pk}/", {"content": "Edited there."})

    for n in order:
        merges.unmerge_ticket(by=agent, ticket_id=sources[n].pk, now=NOON + DAY)

    for n, source in enumerate(sources):
        body = client.get(f"/api/tickets/{source.pk}/").json()
        assert [comment["id"] for comment in body["comments"]] == [said[n].pk]
        assert [file["id"] for file in body["attachments"]] == [files[n].pk]
        assert (body["comments_count"], body["merged_into"]) == (1, None)
    assert client.get("/api/tickets/?search=edited").json()["results"][0]["id"] == ticket.pk
    assert client.get(f"/api/tickets/{target.pk}/").json()["comments_count"] == 1
    assert [checked.differing for checked in check_history()] == [{}]
