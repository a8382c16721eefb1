"""Rows made by the operations, as a user would make them."""

from typing import Any

from tests.people import NOON, UserFactory


def ticket_of(creator: Any = None, /, **fields: Any) -> Any:
    """An open ticket; more `fields` as `open_ticket` takes them."""
    from helpdesk.tickets.operations import tickets

    values = {"title": "Printer on fire", "description": "It burns.", "now": NOON} | fields
    return tickets.open_ticket(by=creator or UserFactory(), **values)


def comment_on(ticket: Any, by: Any, /, **fields: Any) -> Any:
    from helpdesk.tickets.operations import comments

    return comments.add_comment(by=by, ticket_id=ticket.pk, **({"content": "Water helps.", "now": NOON} | fields))


def category_of(name: str = "Hardware", /, **fields: Any) -> Any:
    """`parent` and `team` are rows here."""
    from helpdesk.tickets.operations import catalog

    fields |= {field: fields[field].pk for field in ("parent", "team") if fields.get(field)}
    return catalog.create_category(by=None, name=name, now=NOON, **fields)


def tag_of(name: str = "printer", /, **fields: Any) -> Any:
    from helpdesk.tickets.operations import catalog

    return catalog.create_tag(by=None, name=name, now=NOON, **fields)


def team_of(*members: Any, name: str = "Field service", **fields: Any) -> Any:
    from helpdesk.tickets.operations import teams

    return teams.create_team(by=None, name=name, members=[person.pk for person in members], now=NOON, **fields)


def attachment_on(ticket: Any, by: Any, /, comment: Any = None, content: bytes = b"It burns.\n", **fields: Any) -> Any:
    from helpdesk.files.receiving import Incoming, check
    from helpdesk.tickets.operations import attachments

    incoming = Incoming(filename=fields.pop("filename", "smoke.txt"), announced="")
    incoming.write(content)
    values = {"comment_id": comment.pk if comment else None, "now": NOON} | fields
    with check(incoming) as file:
        return attachments.attach(by=by, ticket_id=ticket.pk, file=file, **values)


def chat_of(one: Any, other: Any) -> Any:
    """The conversation of the two; `one`, who begins it, may write to `other`."""
    from helpdesk.chat.operations import conversations

    return conversations.open_conversation(by=one, user_id=other.pk, now=NOON)[0]


def message_in(conversation: Any, by: Any, /, content: str = "Is anybody there?", **fields: Any) -> Any:
    from helpdesk.chat.operations import messages

    return messages.send_message(by=by, conversation_id=conversation.pk, content=content, **({"now": NOON} | fields))


def file_in(conversation: Any, by: Any, /, content: bytes = b"It burns.\n", filename: str = "smoke.txt") -> Any:
    """A message with a file."""
    from helpdesk.chat.operations import messages
    from helpdesk.files.receiving import Incoming, check

    incoming = Incoming(filename=filename, announced="")
    incoming.write(content)
    with check(incoming) as file:
        return messages.send_file(by=by, conversation_id=conversation.pk, file=file, now=NOON)
