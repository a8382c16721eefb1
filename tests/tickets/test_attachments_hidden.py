"""Who does not see what a file hangs on finds no file: not its name, not its bytes, and nothing to delete."""

from collections.abc import Callable
from typing import Any

import pytest

from helpdesk.accounts.roles import Role
from helpdesk.events.models import EventRecord
from helpdesk.files import storage
from helpdesk.files.models import Blob
from helpdesk.tickets.models import Attachment, Ticket
from helpdesk.tickets.operations.attachments import delete_attachment
from helpdesk.tickets.operations.comments import delete_comment
from helpdesk.tickets.operations.merges import merge_ticket
from helpdesk.tickets.operations.splits import split_comment
from helpdesk.tickets.operations.tickets import delete_ticket
from tests.contracts.test_strangers import MISSING, bytes_of
from tests.factories import attachment_on, comment_on, ticket_of
from tests.people import NOON, AgentFactory
from tests.tickets.files import TEXT, body_of, upload
from tests.tickets.queues import in_queue, team_of

Api = Callable[[Any], Any]

WAYS: list[tuple[str, str, dict[str, str]]] = [
    ("get", "", {}),
    ("get", "download/", {}),
    ("get", "download/", {"HTTP_RANGE": "bytes=0-3"}),
    ("get", "download/", {"HTTP_RANGE": "bytes=99999-"}),
    ("get", "download/", {"HTTP_IF_NONE_MATCH": "*"}),
    ("delete", "", {}),
]


@pytest.fixture(autouse=True)
def own_files(tmp_path: Any, settings: Any) -> None:
    kept = settings.STORAGES["attachments"]
    options = kept["OPTIONS"] | {"location": str(tmp_path)}
    settings.STORAGES = settings.STORAGES | {"attachments": kept | {"OPTIONS": options}}


def everything() -> tuple[Any, ...]:
    rows = [list(model.objects.order_by("id").values()) for model in (Attachment, Blob, Ticket)]
    return (*rows, EventRecord.objects.count(), sorted(storage.names()))


def assert_hidden(client: Any, attachment: Any) -> None:
    """As one that was never there, to the byte; and it is as it was."""
    before = everything()
    for prefix in ("/api", "/api/v1"):
        for method, path, headers in WAYS:
            hidden = getattr(client, method)(f"{prefix}/attachments/{attachment.pk}/{path}", **headers)
            missing = getattr(client, method)(f"{prefix}/attachments/{MISSING}/{path}", **headers)
            assert hidden.status_code == 404, (method, path, headers)
            assert bytes_of(hidden) == bytes_of(missing)
        assert client.head(f"{prefix}/attachments/{attachment.pk}/download/").status_code == 404
    assert everything() == before


def assert_shown(client: Any, attachment: Any) -> None:
    assert body_of(client.get(f"/api/attachments/{attachment.pk}/download/")) == b"It burns.\n"


def test_another_customers_file(api_as: Api, ticket: Any, customer: Any, stranger: Any) -> None:
    for comment in (None, comment_on(ticket, customer)):
        attachment = attachment_on(ticket, customer, comment)
        assert_hidden(api_as(stranger), attachment)
        assert_shown(api_as(customer), attachment)
    assert upload(api_as(stranger), ticket).status_code == 404
    assert api_as(None).get(f"/api/attachments/{attachment.pk}/download/").status_code == 401


def test_who_has_the_same_bytes_has_not_the_same_file(api_as: Api, ticket: Any, customer: Any, stranger: Any) -> None:
    theirs = attachment_on(ticket, customer)
    client = api_as(stranger)
    own = upload(client, ticket_of(stranger), b"It burns.\n")
    assert (own.status_code, own.json()["filename"], Blob.objects.count()) == (201, "smoke.txt", 1)
    assert_hidden(client, theirs)
    assert client.delete(f"/api/attachments/{own.json()['id']}/").status_code == 204
    assert_shown(api_as(customer), theirs)


def test_a_file_on_a_note(api_as: Api, ticket: Any, customer: Any, agent: Any) -> None:
    note = comment_on(ticket, agent, is_internal=True)
    attachment = attachment_on(ticket, agent, note)
    assert_hidden(api_as(customer), attachment)
    assert_shown(api_as(agent), attachment)
    # Nor can anything be hung beside it, and the answer is that of a note that is not there.
    refused = [upload(api_as(customer), ticket, comment=pk) for pk in (note.pk, MISSING)]
    assert {response.status_code for response in refused} == {400}
    assert refused[0].json()["errors"] == refused[1].json()["errors"]


@pytest.mark.parametrize("scope", ["team", "assigned"])
def test_a_narrowed_agents(api_as: Api, customer: Any, agent: Any, admin: Any, settings: Any, scope: str) -> None:
    other = AgentFactory()
    theirs = in_queue(ticket_of(customer, assigned_to=other.pk), team_of(other, name="Keyboards"))
    own = ticket_of(customer, assigned_to=agent.pk)
    note = comment_on(theirs, other, is_internal=True)
    hidden = [attachment_on(theirs, customer), attachment_on(theirs, other, note)]
    shown = attachment_on(own, customer)
    settings.AGENT_SCOPE = scope
    for attachment in hidden:
        assert_hidden(api_as(agent), attachment)
        assert_shown(api_as(other), attachment)
        assert_shown(api_as(admin), attachment)
    assert_shown(api_as(agent), shown)
    assert upload(api_as(agent), theirs).status_code == 404


def test_an_uploader_who_was_narrowed_or_is_no_agent_any_more(
    api_as: Api, ticket: Any, agent: Any, settings: Any
) -> None:
    attachment = attachment_on(ticket, agent)
    settings.AGENT_SCOPE = "assigned"
    assert_hidden(api_as(agent), attachment)
    settings.AGENT_SCOPE = "all"
    assert_shown(api_as(agent), attachment)
    agent.role = Role.CUSTOMER
    agent.save(update_fields=["role"])
    assert_hidden(api_as(agent), attachment)


@pytest.mark.parametrize("gone", ["file", "comment", "note", "ticket"])
def test_what_was_deleted_is_nobodys(
    api_as: Api, ticket: Any, customer: Any, agent: Any, admin: Any, gone: str
) -> None:
    said = comment_on(ticket, agent, is_internal=gone == "note") if gone in ("comment", "note") else None
    attachment = attachment_on(ticket, agent, said)
    if said:
        delete_comment(by=agent, comment_id=said.pk, now=NOON)
    elif gone == "ticket":
        delete_ticket(by=agent, ticket_id=ticket.pk, now=NOON)
    else:
        delete_attachment(by=agent, attachment_id=attachment.pk, now=NOON)
    for user in (customer, agent, admin):
        assert_hidden(api_as(user), attachment)


def test_files_of_a_merged_ticket_are_seen_by_those_who_see_where_they_went(
    api_as: Api, ticket: Any, customer: Any, stranger: Any, agent: Any, settings: Any
) -> None:
    other = AgentFactory()
    target = ticket_of(customer, assigned_to=other.pk)
    source = ticket_of(customer, assigned_to=agent.pk)
    note = comment_on(source, agent, is_internal=True)
    public, secret = attachment_on(source, customer), attachment_on(source, agent, note)
    settings.AGENT_SCOPE = "assigned"
    assert_hidden(api_as(other), public)
    settings.AGENT_SCOPE = "all"
    merge_ticket(by=agent, ticket_id=source.pk, into=target.pk, now=NOON)
    settings.AGENT_SCOPE = "assigned"

    for attachment in (public, secret):
        assert_hidden(api_as(stranger), attachment)
        # Its own ticket was the source; what went away, went away from them.
        assert_hidden(api_as(agent), attachment)
        assert_shown(api_as(other), attachment)
    assert_hidden(api_as(customer), secret)
    assert_shown(api_as(customer), public)
    assert upload(api_as(stranger), source).status_code == 404
    assert upload(api_as(customer), source).json()["code"] == "ticket_merged"
    assert Attachment.objects.count() == 2


def test_files_of_a_comment_that_was_split_off(
    api_as: Api, ticket: Any, customer: Any, stranger: Any, agent: Any
) -> None:
    comment = comment_on(ticket, customer)
    attachment = attachment_on(ticket, customer, comment)
    split_comment(by=agent, ticket_id=ticket.pk, comment_id=comment.pk, now=NOON)
    assert_hidden(api_as(stranger), attachment)
    assert_shown(api_as(customer), attachment)


def test_a_file_says_where_it_came_from(api_as: Api, ticket: Any, customer: Any, agent: Any) -> None:
    """In its own body, and wherever else it is shown."""
    client, target = api_as(customer), ticket_of(customer)
    comment = comment_on(ticket, customer)
    own, on_comment = attachment_on(ticket, customer), attachment_on(ticket, customer, comment)
    stays = upload(client, target, TEXT).json()["id"]

    def origins(pk: int) -> tuple[dict[int, int | None], ...]:
        detail = client.get(f"/api/tickets/{pk}/").json()
        said = [file for comment in detail["comments"] for file in comment["attachments"]]
        listed = client.get(f"/api/comments/?ticket={pk}").json()["results"]
        return tuple(
            {file["id"]: file["moved_from"] for file in files}
            for files in (detail["attachments"], said, [file for one in listed for file in one["attachments"]])
        )

    moved = {on_comment.pk: ticket.pk}
    merge_ticket(by=agent, ticket_id=ticket.pk, into=target.pk, now=NOON)
    assert origins(target.pk) == ({own.pk: ticket.pk, stays: None}, moved, moved)
    assert client.get(f"/api/attachments/{own.pk}/").json()["moved_from"] == ticket.pk

    new = split_comment(by=agent, ticket_id=target.pk, comment_id=comment.pk, now=NOON)
    assert origins(new.pk) == ({}, moved, moved)
    assert client.get(f"/api/attachments/{on_comment.pk}/").json()["moved_from"] == ticket.pk
