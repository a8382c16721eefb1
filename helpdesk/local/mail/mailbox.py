"""Caught mails, shown in the shapes of Mailpit's API. Bounded: the oldest leave first."""

import re
import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import getaddresses, parseaddr
from functools import cached_property
from typing import Any

_MOST_MESSAGES = 10_000
_MOST_BYTES = 64 * 1024 * 1024
_SNIPPET = 250


@dataclass(kw_only=True)
class Message:
    raw: bytes
    sender: str
    recipients: list[str]
    received: datetime = field(default_factory=lambda: datetime.now(UTC))
    id: str = field(default_factory=lambda: secrets.token_urlsafe(16).replace("-", "_"))
    read: bool = False

    @cached_property
    def parsed(self) -> EmailMessage:
        return BytesParser(policy=policy.default).parsebytes(self.raw)

    def body(self, kind: str) -> str:
        """`plain` or `html`; empty where the mail has none."""
        part = self.parsed.get_body((kind,))
        try:
            return str(part.get_content()) if part else ""
        except (KeyError, LookupError, ValueError):  # an unknown character set is shown as it came
            return part.get_payload() if part else ""  # type: ignore[return-value]

    def header(self, name: str) -> str:
        return str(self.parsed.get(name, ""))

    def headers(self) -> dict[str, list[str]]:
        """`/api/v1/message/{ID}/headers`."""
        names = dict.fromkeys(self.parsed.keys())
        return {name: [str(value) for value in self.parsed.get_all(name, [])] for name in names}

    def summary(self) -> dict[str, Any]:
        """One entry of `/api/v1/messages`."""
        text = self.body("plain") or re.sub(r"<[^>]*>", " ", self.body("html"))
        return self._common() | {
            "Read": self.read,
            "Created": _rfc3339(self.received),
            "Attachments": len(self._attachments()),
            "Snippet": " ".join(text.split())[:_SNIPPET],
        }

    def detail(self) -> dict[str, Any]:
        """`/api/v1/message/{ID}`."""
        return self._common() | {
            "ReturnPath": self.sender,
            "Date": _rfc3339(self._date()),
            "Text": self.body("plain"),
            "HTML": self.body("html"),
            "Inline": [],
            "Attachments": self._attachments(),
        }

    def _common(self) -> dict[str, Any]:
        named = {address for name in ("To", "Cc") for _, address in getaddresses([self.header(name)])}
        hidden = [address for address in self.recipients if address not in named]
        return {
            "ID": self.id,
            "MessageID": self.header("Message-ID").strip().strip("<>"),
            "From": _address(parseaddr(self.header("From") or self.sender)),
            "To": self._addresses("To"),
            "Cc": self._addresses("Cc"),
            "Bcc": [_address(("", address)) for address in hidden],
            "ReplyTo": self._addresses("Reply-To"),
            "Subject": self.header("Subject"),
            "Tags": [],
            "Size": len(self.raw),
        }

    def _addresses(self, header: str) -> list[dict[str, str]]:
        return [_address(pair) for pair in getaddresses([self.header(header)]) if pair[1]]

    def _attachments(self) -> list[dict[str, Any]]:
        return [
            {
                "PartID": str(number),
                "FileName": part.get_filename() or "",
                "ContentType": part.get_content_type(),
                "ContentID": str(part.get("Content-ID", "")).strip("<>"),
                "Size": len(part.get_payload(decode=True) or b""),
            }
            for number, part in enumerate(self.parsed.iter_attachments(), start=1)
        ]

    def _date(self) -> datetime:
        date = getattr(self.parsed["Date"], "datetime", None)
        return date.astimezone(UTC) if date else self.received


class Mailbox:
    """Filled by the SMTP side, read by the threads of the HTTP side."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._messages: OrderedDict[str, Message] = OrderedDict()
        self._bytes = 0

    def add(self, message: Message) -> None:
        with self._lock:
            self._messages[message.id] = message
            self._bytes += len(message.raw)
            while len(self._messages) > _MOST_MESSAGES or self._bytes > _MOST_BYTES:
                self._bytes -= len(self._messages.popitem(last=False)[1].raw)

    def newest_first(self) -> list[Message]:
        with self._lock:
            return list(reversed(self._messages.values()))

    def get(self, identifier: str) -> Message | None:
        with self._lock:
            if identifier == "latest":
                return next(reversed(self._messages.values()), None)
            return self._messages.get(identifier)

    def remove(self, identifiers: list[str]) -> None:
        """All of them when none is named, as in Mailpit."""
        with self._lock:
            for identifier in identifiers or list(self._messages):
                if gone := self._messages.pop(identifier, None):
                    self._bytes -= len(gone.raw)


def _address(pair: tuple[str, str]) -> dict[str, str]:
    return {"Name": pair[0], "Address": pair[1]}


def _rfc3339(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
