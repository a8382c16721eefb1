"""Every frame of the protocol that is no event, with its shape and an example: what clients are told to rely on."""

from typing import Any, Final, NamedTuple

from helpdesk.events.shapes import INTEGER, MOMENT, NUMBER, TEXT, TRUTH, USER, Shape, list_of, nullable, record

_CURSOR: Final = "OTE4LjE3OTUxNjg5MjA"
_PERSON: Final = {"id": 5, "username": "agent_1", "name": "Ann", "role": "agent"}


class Frame(NamedTuple):
    says: str
    shape: Shape
    example: dict[str, Any]


def _frame(says: str, example: dict[str, Any], /, *, maybe: dict[str, Shape] | None = None, **members: Shape) -> Frame:
    """`maybe` are members that are not always there."""
    shape = record(type={"const": example["type"]}, **members)
    shape["properties"] |= maybe or {}
    return Frame(says, shape, example)


def _by_type(*frames: Frame) -> dict[str, Frame]:
    return {frame.example["type"]: frame for frame in frames}


SERVER: Final = _by_type(
    _frame(
        "Always the first. recovered: whether nothing is lost since the cursor that the client brought; null: it "
        "brought none. subscribed: the tickets that a resumed connection hears of again.",
        {"type": "welcome", "cursor": _CURSOR, "user": _PERSON, "heartbeat": 25, "recovered": None},
        cursor=TEXT,
        user=USER,
        heartbeat=NUMBER,
        recovered=nullable(TRUTH),
        maybe={"subscribed": list_of(INTEGER)},
    ),
    _frame("Every 25 seconds.", {"type": "heartbeat", "cursor": _CURSOR}, cursor=TEXT),
    _frame("The answer to ping.", {"type": "pong"}),
    _frame(
        "The client's last frame could not be done. The socket stays open.",
        {"type": "error", "code": "unknown_type", "detail": "There is no frame of this type."},
        code=TEXT,
        detail=TEXT,
        maybe={"ref": TEXT},
    ),
    _frame(
        "Somebody whom one may write to came or went.",
        {"type": "presence_changed", "user": _PERSON, "online": True, "last_seen": "2026-11-20T10:02:00Z"},
        user=USER,
        online=TRUTH,
        last_seen=nullable(MOMENT),
    ),
    _frame(
        "The other one writes. Show it for about five seconds.",
        {"type": "typing", "conversation": 3, "user": _PERSON},
        conversation=INTEGER,
        user=USER,
    ),
    _frame(
        "Another agent looks at the ticket, or writes there; left: no longer.",
        {"type": "viewing", "ticket": 7, "user": _PERSON, "composing": True},
        ticket=INTEGER,
        user=USER,
        composing=TRUTH,
        maybe={"left": TRUTH},
    ),
    _frame(
        "The ticket can be seen from here on; null: so many that the lists should be loaded again.",
        {"type": "access_granted", "ticket": 7, "cursor": _CURSOR},
        ticket=nullable(INTEGER),
        cursor=TEXT,
    ),
    _frame(
        "The ticket can be seen no longer; null: so many that the lists should be loaded again.",
        {"type": "access_revoked", "ticket": 7, "cursor": _CURSOR},
        ticket=nullable(INTEGER),
        cursor=TEXT,
    ),
    _frame(
        "The events of these tickets are told from the cursor on.",
        {"type": "subscribed", "tickets": [7], "cursor": _CURSOR},
        tickets=list_of(INTEGER),
        cursor=TEXT,
        maybe={"ref": TEXT},
    ),
    _frame(
        "The events of these tickets are told no longer.",
        {"type": "unsubscribed", "tickets": [7], "cursor": _CURSOR},
        tickets=list_of(INTEGER),
        cursor=TEXT,
        maybe={"ref": TEXT},
    ),
    _frame(
        "The chat_message of this ref is stored as the message of this id; or the chat_read of this ref is done.",
        {"type": "ack", "ref": "m-17", "id": 41},
        ref=TEXT,
        id=INTEGER,
    ),
)

CLIENT: Final = _by_type(
    _frame("Answered by pong.", {"type": "ping"}),
    _frame(
        "The socket lives as long as this token of the same person.",
        {"type": "auth", "token": "eyJhbGciOi…"},
        token=TEXT,
    ),
    _frame(
        "Agents: hear everything of these tickets.",
        {"type": "subscribe", "tickets": [7]},
        tickets=list_of(INTEGER),
        maybe={"ref": TEXT},
    ),
    _frame(
        "Agents: hear of them as if never subscribed.",
        {"type": "unsubscribe", "tickets": [7]},
        tickets=list_of(INTEGER),
        maybe={"ref": TEXT},
    ),
    _frame(
        "Agents: look at this ticket, or at none; composing: write there.",
        {"type": "viewing", "ticket": 7, "composing": True},
        ticket=nullable(INTEGER),
        maybe={"composing": TRUTH, "ref": TEXT},
    ),
    _frame("Write a message; the other one is told.", {"type": "typing", "conversation": 3}, conversation=INTEGER),
    _frame(
        "Everything up to this message is read. Answered by ack if it has a ref.",
        {"type": "chat_read", "conversation": 3, "up_to": 41, "ref": "r-3"},
        conversation=INTEGER,
        up_to=INTEGER,
        maybe={"ref": TEXT},
    ),
    _frame(
        "Send a message. Again under the same ref it is the same message.",
        {"type": "chat_message", "conversation": 3, "content": "Hello?", "ref": "m-17"},
        conversation=INTEGER,
        content=TEXT,
        ref=TEXT,
    ),
)
