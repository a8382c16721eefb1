"""What is another's is answered as what is not there, in every byte but the request id."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from helpdesk.chat.models import Conversation, Member, Message
from helpdesk.events.models import EventRecord
from helpdesk.tickets.models import Attachment, Comment, Ticket
from tests.factories import attachment_on, chat_of, comment_on, file_in, ticket_of
from tests.people import AgentFactory
from tests.tickets.files import FORM, TEXT, form

Api = Callable[[Any], Any]

MISSING = 9_000_000_000
FOUR = {"title": "Mine now", "description": "x", "status": "closed", "priority": "low"}

# Every way to read or write one ticket or one comment: a method, a path with the ids in it, and a body.
WAYS: list[tuple[str, str, dict[str, Any] | None]] = [
    ("get", "/api/tickets/{ticket}/", None),
    ("get", "/api/tickets/{ticket}/?at=2030-01-01", None),
    ("patch", "/api/tickets/{ticket}/", {"title": "Mine now"}),
    ("patch", "/api/tickets/{ticket}/", {"status": "melted"}),
    ("put", "/api/tickets/{ticket}/", FOUR),
    ("delete", "/api/tickets/{ticket}/", None),
    ("post", "/api/tickets/{ticket}/close/", None),
    ("post", "/api/tickets/{ticket}/reopen/", None),
    ("post", "/api/tickets/{ticket}/claim/", None),
    ("post", "/api/tickets/{ticket}/claim/", {"steal": True}),
    ("post", "/api/tickets/{ticket}/assign/", {"user": MISSING}),
    ("post", "/api/tickets/{ticket}/assign/", {"user": "me"}),
    ("post", "/api/tickets/{ticket}/unassign/", None),
    ("get", "/api/tickets/{ticket}/assignment/explain/", None),
    ("post", "/api/tickets/{ticket}/restore/", None),
    ("get", "/api/tickets/{ticket}/timeline/", None),
    ("get", "/api/tickets/{ticket}/draft/", None),
    ("put", "/api/tickets/{ticket}/draft/", {"content": "Me too"}),
    ("put", "/api/tickets/{ticket}/draft/", {}),
    ("delete", "/api/tickets/{ticket}/draft/", None),
    ("post", "/api/tickets/{ticket}/merge/", {"into": 1}),
    ("post", "/api/tickets/{ticket}/merge/", {}),
    ("post", "/api/tickets/{ticket}/unmerge/", None),
    ("get", "/api/tickets/{ticket}/links/", None),
    ("post", "/api/tickets/{ticket}/links/", {"kind": "related", "ticket": 1}),
    ("post", "/api/tickets/{ticket}/links/", {}),
    ("post", "/api/tickets/{ticket}/comments/{comment}/split/", {}),
    ("get", "/api/tickets/{ticket}/comments/", None),
    ("post", "/api/tickets/{ticket}/comments/", {"content": "Me too"}),
    ("post", "/api/tickets/{ticket}/comments/", {"content": ""}),
    ("post", "/api/tickets/{ticket}/comments/", {"content": "x", "is_internal": True}),
    ("get", "/api/tickets/{ticket}/comments/{comment}/", None),
    ("patch", "/api/tickets/{ticket}/comments/{comment}/", {"content": "Me too"}),
    ("delete", "/api/tickets/{ticket}/comments/{comment}/", None),
    ("post", "/api/comments/", {"ticket": "{ticket}", "content": "Me too"}),
    ("post", "/api/comments/", {"ticket": "{ticket}", "content": ""}),
    ("post", "/api/comments/", {"ticket": "{ticket}", "content": "x", "is_internal": True}),
    ("post", "/api/comments/", {"ticket": "{ticket}", "content": "x", "seen_version": 0}),
    ("get", "/api/comments/{comment}/", None),
    ("patch", "/api/comments/{comment}/", {"content": "Me too"}),
    ("patch", "/api/comments/{comment}/", {"content": ""}),
    ("delete", "/api/comments/{comment}/", None),
    ("post", "/api/tickets/{ticket}/attachments/", {"file": "smoke.txt"}),
    ("post", "/api/tickets/{ticket}/attachments/", {"file": "../smoke.exe"}),
    ("get", "/api/attachments/{attachment}/", None),
    ("get", "/api/attachments/{attachment}/download/", None),
    ("delete", "/api/attachments/{attachment}/", None),
]


def go(client: Any, way: tuple[str, str, Any], *, ticket: Any, comment: Any, attachment: Any = MISSING) -> Any:
    method, path, body = way
    if body and body.get("ticket"):
        body = body | {"ticket": ticket}
    url = path.format(ticket=ticket, comment=comment, attachment=attachment)
    if body and "file" in body:
        return client.generic("POST", url, form(TEXT, body["file"]), content_type=FORM)
    return getattr(client, method)(url, body)


def bytes_of(response: Any) -> tuple[int, str, bytes]:
    request_id = response.json()["request_id"].encode()
    return response.status_code, response.headers["Content-Type"], response.content.replace(request_id, b"")


def stored() -> list[Any]:
    return [
        list(Ticket.objects.order_by("id").values()),
        list(Comment.objects.order_by("id").values()),
        list(Attachment.objects.order_by("id").values()),
        EventRecord.objects.count(),
    ]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: f"{way[0]} {way[1]} {json.dumps(way[2])}")
def test_a_strangers_ticket_is_no_ticket(api_as: Api, customer: Any, stranger: Any, agent: Any, way: Any) -> None:
    ticket = ticket_of(customer)
    comment = comment_on(ticket, customer)
    attachment = attachment_on(ticket, customer, comment)
    before = stored()
    client = api_as(stranger)

    foreign = go(client, way, ticket=ticket.pk, comment=comment.pk, attachment=attachment.pk)
    missing = go(client, way, ticket=MISSING, comment=MISSING)

    assert foreign.status_code == 404
    assert bytes_of(foreign) == bytes_of(missing)
    assert stored() == before
    # There was something to find: its owner, or an agent, does not get a 404.
    if "restore" not in way[1] and way[:2] != ("get", "/api/tickets/{ticket}/draft/"):
        found = go(api_as(customer), way, ticket=ticket.pk, comment=comment.pk, attachment=attachment.pk)
        assert found.status_code != 404
        found.getvalue()


@pytest.mark.parametrize(
    "way",
    [way for way in WAYS if "{comment}" in way[1] or "{attachment}" in way[1]],
    ids=lambda way: f"{way[0]} {way[1]}",
)
def test_a_note_on_ones_own_ticket_is_no_comment(api_as: Api, customer: Any, agent: Any, way: Any) -> None:
    ticket = ticket_of(customer)
    note = comment_on(ticket, agent, is_internal=True)
    attachment = attachment_on(ticket, agent, note)
    before = stored()

    hidden = go(api_as(customer), way, ticket=ticket.pk, comment=note.pk, attachment=attachment.pk)
    missing = go(api_as(customer), way, ticket=ticket.pk, comment=MISSING)

    assert hidden.status_code == 404
    assert bytes_of(hidden) == bytes_of(missing)
    assert stored() == before


@pytest.mark.parametrize(
    "odd", ["abc", "0", "-1", "1.5", "1" + "0" * 30, "9223372036854775808", "%00", "%ED%A0%80", "\u0661", " 1"]
)
def test_what_can_be_no_id_is_answered_likewise(api_as: Api, customer: Any, agent: Any, odd: str) -> None:
    ticket = ticket_of(customer)
    in_path = [way for way in WAYS if way[1] != "/api/comments/"]
    for user in (customer, agent):
        client = api_as(user)
        for way in in_path:
            impossible = go(client, way, ticket=odd, comment=odd, attachment=odd)
            missing = go(client, way, ticket=MISSING, comment=MISSING)
            assert bytes_of(impossible) == bytes_of(missing), way
    assert Ticket.objects.get().pk == ticket.pk


def test_a_list_does_not_count_what_it_does_not_show(api_as: Api, customer: Any, stranger: Any) -> None:
    ticket = ticket_of(customer)
    comment_on(ticket, customer)
    for url in (
        "/api/tickets/",
        "/api/tickets/?search=printer",
        f"/api/tickets/?search=%23{ticket.pk}",
        f"/api/tickets/?created_by={customer.pk}",
        "/api/comments/",
        f"/api/comments/?ticket={ticket.pk}",
    ):
        page = api_as(stranger).get(url).json()
        assert page == {"count": 0, "next": None, "previous": None, "results": []}


def test_a_stranger_opens_nothing_in_anothers_name(api_as: Api, customer: Any, stranger: Any) -> None:
    """And the refusal is the same whether the other exists or not."""
    body = {"title": "x", "description": "x"}
    answers = [
        api_as(stranger).post("/api/tickets/", body | {"created_by": someone}) for someone in (customer.pk, MISSING)
    ]
    assert answers[0].status_code == 403
    assert bytes_of(answers[0]) == bytes_of(answers[1])
    assert Ticket.objects.count() == 0


# Every way to read or write one conversation.
CHAT_WAYS: list[tuple[str, str, dict[str, Any] | None]] = [
    ("get", "/api/chat/conversations/{chat}/", None),
    ("get", "/api/chat/conversations/{chat}/messages/", None),
    ("get", "/api/chat/conversations/{chat}/messages/?search=burns", None),
    ("post", "/api/chat/conversations/{chat}/messages/", {"content": "Me too"}),
    ("post", "/api/chat/conversations/{chat}/messages/", {"content": ""}),
    ("post", "/api/chat/conversations/{chat}/attachments/", {"file": "smoke.txt"}),
    ("post", "/api/chat/conversations/{chat}/attachments/", {"file": "../smoke.exe"}),
    ("post", "/api/chat/conversations/{chat}/read/", {"up_to": 1}),
    ("post", "/api/chat/conversations/{chat}/read/", {}),
    ("get", "/api/chat/attachments/{file}/", None),
    ("get", "/api/chat/attachments/{file}/download/", None),
]


@pytest.mark.parametrize("way", CHAT_WAYS, ids=lambda way: f"{way[0]} {way[1]} {json.dumps(way[2])}")
def test_a_conversation_of_others_is_no_conversation_not_even_for_an_admin(
    api_as: Api, customer: Any, stranger: Any, agent: Any, admin: Any, way: Any
) -> None:
    chat = chat_of(customer, agent)
    file = file_in(chat, customer).attachments.get()
    method, path, body = way

    def go_as(user: Any, chat_id: int, file_id: int) -> Any:
        url = path.format(chat=chat_id, file=file_id)
        if body and "file" in body:
            return api_as(user).generic("POST", url, form(TEXT, body["file"]), content_type=FORM)
        return getattr(api_as(user), method)(url, body)

    before = [list(model.objects.order_by("id").values()) for model in (Message, Member, Conversation)]
    for other in (stranger, AgentFactory(), admin):
        foreign, missing = go_as(other, chat.pk, file.pk), go_as(other, MISSING, MISSING)
        assert foreign.status_code == 404
        assert bytes_of(foreign) == bytes_of(missing)
    assert before == [list(model.objects.order_by("id").values()) for model in (Message, Member, Conversation)]
    for own in (customer, agent):
        found = go_as(own, chat.pk, file.pk)
        assert found.status_code != 404
        found.getvalue()


def test_a_list_of_conversations_does_not_count_those_of_others(
    api_as: Api, customer: Any, agent: Any, admin: Any
) -> None:
    file_in(chat_of(customer, agent), agent)

    for url in ("/api/chat/conversations/", "/api/chat/unread/"):
        body = api_as(admin).get(url).json()
        assert body in (
            {"count": 0, "next": None, "previous": None, "results": []},
            {"total": 0, "conversations": {}},
        )
