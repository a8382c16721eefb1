"""The viewer's HTTP side: the part of Mailpit's API that tests and habits use, and two pages."""

import json
import re
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from .mailbox import Mailbox, Message
from .pages import POLICY, inbox, letter

_PAGE_SIZE = 50
_LARGEST_BODY = 1024 * 1024
_JSON = "application/json"
_HTML = "text/html; charset=utf-8"
_TEXT = "text/plain; charset=utf-8"

_MESSAGE = re.compile(r"/(?P<base>api/v1/message|view)/(?P<id>[A-Za-z0-9_]+)(?P<part>/headers|/raw|\.html|\.txt)?")
_VIEWS: dict[str, tuple[str, Callable[[Message], str | bytes]]] = {
    "api/v1/message": (_JSON, lambda message: json.dumps(message.detail())),
    "api/v1/message/headers": (_JSON, lambda message: json.dumps(message.headers())),
    "api/v1/message/raw": (_TEXT, lambda message: message.raw),
    "view": (_HTML, letter),
    "view.html": (_HTML, lambda message: message.body("html")),
    "view.txt": (_TEXT, lambda message: message.body("plain")),
}


class BadRequest(Exception):
    """A parameter or body that cannot be meant."""


class _Handler(BaseHTTPRequestHandler):
    mailbox: Mailbox
    timeout = 30

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if url.path == "/":
            self._answer(inbox(self.mailbox.newest_first()), _HTML)
        elif url.path in {"/livez", "/readyz"}:
            self._answer("ok", _TEXT)
        elif url.path == "/api/v1/messages":
            self._list(parse_qs(url.query))
        elif (found := _MESSAGE.fullmatch(url.path)) and (message := self.mailbox.get(found["id"])):
            self._show(message, found["base"] + (found["part"] or ""))
        else:
            self._refuse(HTTPStatus.NOT_FOUND, "not found")

    def do_DELETE(self) -> None:
        if urlsplit(self.path).path != "/api/v1/messages":
            self._refuse(HTTPStatus.NOT_FOUND, "not found")
            return
        try:
            self.mailbox.remove(_identifiers(self._body()))
        except BadRequest as error:
            self._refuse(HTTPStatus.BAD_REQUEST, str(error))
            return
        self._answer("ok", _TEXT)

    def _list(self, query: dict[str, list[str]]) -> None:
        try:
            start, limit = _number(query, "start", 0), _number(query, "limit", _PAGE_SIZE)
        except BadRequest as error:
            self._refuse(HTTPStatus.BAD_REQUEST, str(error))
            return
        messages = self.mailbox.newest_first()
        unread = sum(not message.read for message in messages)
        shown = messages[start : start + limit]
        self._answer(
            json.dumps(
                {
                    "total": len(messages),
                    "unread": unread,
                    "count": len(shown),
                    "messages_count": len(messages),
                    "messages_unread": unread,
                    "start": start,
                    "tags": [],
                    "messages": [message.summary() for message in shown],
                }
            ),
            _JSON,
        )

    def _show(self, message: Message, view: str) -> None:
        if view not in _VIEWS:
            self._refuse(HTTPStatus.NOT_FOUND, "not found")
            return
        content_type, render = _VIEWS[view]
        message.read = True
        self._answer(render(message), content_type)

    def _body(self) -> bytes:
        length = self.headers.get("Content-Length") or "0"
        if not length.isdecimal() or int(length) > _LARGEST_BODY:
            raise BadRequest("the body is too large")
        return self.rfile.read(int(length))

    def _answer(self, content: str | bytes, content_type: str, status: HTTPStatus = HTTPStatus.OK) -> None:
        body = content if isinstance(content, bytes) else content.encode(errors="replace")
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def _refuse(self, status: HTTPStatus, why: str) -> None:
        self._answer(json.dumps({"Error": why}), _JSON, status)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Silence: a test asks every few milliseconds."""


def http_server(mailbox: Mailbox, *, host: str, port: int) -> ThreadingHTTPServer:
    handler = type("Handler", (_Handler,), {"mailbox": mailbox})
    server = ThreadingHTTPServer((host, port), handler)
    server.daemon_threads = True
    return server


def _number(query: dict[str, list[str]], name: str, default: int) -> int:
    text = query.get(name, [str(default)])[-1]
    if not text.isascii() or not text.isdecimal() or len(text) > 9:  # noqa: PLR2004
        raise BadRequest(f"{name} is no number")
    return int(text)


def _identifiers(body: bytes) -> list[str]:
    """`{"IDs": [...]}`; an empty body means all."""
    if not body.strip():
        return []
    try:
        identifiers = json.loads(body).get("IDs") or []
    except (ValueError, AttributeError, RecursionError) as error:
        raise BadRequest("the body is no JSON object") from error
    if not isinstance(identifiers, list) or not all(isinstance(item, str) for item in identifiers):
        raise BadRequest("IDs is no list of strings")
    return identifiers
