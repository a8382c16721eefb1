"""How much the mail catcher keeps."""

from helpdesk.local.mail import mailbox
from helpdesk.local.mail.mailbox import Mailbox, Message


def message(subject: str, size: int = 0) -> Message:
    return Message(raw=f"Subject: {subject}\r\n\r\n{'x' * size}".encode(), sender="", recipients=[])


def test_the_oldest_leave_when_there_are_too_many(monkeypatch):
    monkeypatch.setattr(mailbox, "_MOST_MESSAGES", 2)
    box = Mailbox()

    for subject in ("one", "two", "three"):
        box.add(message(subject))

    assert [kept.header("Subject") for kept in box.newest_first()] == ["three", "two"]


def test_the_oldest_leave_when_they_are_too_large(monkeypatch):
    monkeypatch.setattr(mailbox, "_MOST_BYTES", 1000)
    box = Mailbox()

    for subject in ("one", "two", "three"):
        box.add(message(subject, size=400))
    box.remove([box.newest_first()[0].id])
    box.add(message("four", size=400))

    assert [kept.header("Subject") for kept in box.newest_first()] == ["four", "two"]
