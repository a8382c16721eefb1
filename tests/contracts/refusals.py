"""What a refusal must look like, and that it stored nothing."""

from typing import Any

from helpdesk.accounts.models import User
from helpdesk.chat import models as chat
from helpdesk.chat.models import Conversation, Member, Message
from helpdesk.events.models import EventRecord
from helpdesk.files.models import Blob
from helpdesk.tickets.models import Attachment, Category, Comment, Membership, Tag, Team, Ticket

TICKETS = (Ticket, Comment, Category, Tag, Team, Membership, Attachment)


def stored() -> list[Any]:
    rows = [
        list(model.objects.order_by("id").values())
        for model in (*TICKETS, User, Blob, Conversation, Member, Message, chat.Attachment)
    ]
    return [*rows, EventRecord.objects.count()]


def is_a_problem(response: Any, *statuses: int) -> bool:
    body = response.json()
    assert response.headers["Content-Type"] == "application/problem+json", response.headers
    assert body["status"] == response.status_code
    assert {"type", "title", "code", "detail", "request_id"} <= set(body)
    assert response.headers["X-Request-ID"] == body["request_id"]
    assert response.status_code in statuses, response.content
    return True
