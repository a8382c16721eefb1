"""What Daphne answers before Django is asked: problems as everywhere, no name of its own, and no lines in the log.

It offers no hooks for this, so its classes (and Twisted's below them) are given other methods.
"""

import sys
from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.http import HttpResponse

from helpdesk.api import daphne_bodies, headers, problems
from helpdesk.api.problems import Problem

LONGEST_LENGTH: Final = 19  # digits of Content-Length


def adopt() -> None:
    """To be called when the application is loaded; does nothing under another server."""
    if "daphne.server" not in sys.modules:
        return
    from daphne.access import AccessLogGenerator
    from daphne.http_protocol import WebRequest
    from daphne.server import Server
    from daphne.ws_protocol import WebSocketProtocol
    from twisted.web.http import HTTPChannel

    channel: Any = HTTPChannel
    channel._respondToBadRequestAndDisconnect = _refuse  # noqa: SLF001
    channel.lineLengthExceeded = _refuse
    channel._maybeChooseTransferDecoder = _with_a_short_length(channel._maybeChooseTransferDecoder)  # noqa: SLF001
    WebRequest.basic_error = _basic_error
    WebRequest.process = _without_root_path(WebRequest.process)
    # Twisted would read forms into memory, and hang up on a broken one; Django answers 415 to both.
    WebRequest._parsePOSTFormSubmission = property(lambda _request: False, lambda _request, _value: None)  # noqa: SLF001
    WebSocketProtocol.sendHttpErrorResponse = _no_handshake
    # Its header says what to attack us with. An option turns it off too, and can be forgotten.
    Server.server_name = property(lambda _server: "", lambda _server, _value: None)
    daphne_bodies.adopt(lambda _request: _bytes(problems.too_large()))
    # It would write whole addresses, tokens included; every request has its line already.
    AccessLogGenerator.write_entry = lambda *_args, **_kwargs: None


def _refuse(channel: Any, *_line: bytes) -> None:
    """For what is not HTTP."""
    channel.transport.write(_bytes(problems.bad_request()))
    channel.loseConnection()


def refuse_slow(channel: Any) -> None:
    """For a request whose header does not come to an end."""
    channel.transport.write(_bytes(problems.standard(408)))
    channel.loseConnection()


def _no_handshake(protocol: Any, code: int, _reason: str, told: Iterable[tuple[str, str]] | None = None) -> None:
    """For what asks for a socket, and not as a socket is asked for."""
    protocol.sendData(_bytes(problems.standard(code), dict(told or ())))


def _bytes(problem: Problem, told: Mapping[str, str] | None = None) -> bytes:
    response = _response(problem)
    said = {**response.headers, "Content-Length": str(len(response.content)), "Connection": "close", **(told or {})}
    lines = [f"HTTP/1.1 {response.status_code} {response.reason_phrase}"]
    lines += [f"{name}: {value}" for name, value in said.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + response.content


def _basic_error(request: Any, status: int, _status_text: bytes, _body: str) -> None:
    response = _response(problems.standard(status))
    said = [(name.encode(), value.encode()) for name, value in response.headers.items()]
    request.handle_reply({"type": "http.response.start", "status": status, "headers": said})
    request.handle_reply({"type": "http.response.body", "body": response.content})


def _response(problem: Problem) -> HttpResponse:
    response = problem.response()
    headers.add(response, "")
    return response


def _with_a_short_length(choose: Any) -> Any:
    def chosen(channel: Any, header: bytes, value: bytes) -> Any:
        # int() reads no more than 4,300 digits, and Twisted would hang up.
        too_long = header == b"Content-Length" and len(value) > LONGEST_LENGTH
        return choose(channel, header, b"" if too_long else value)

    return chosen


def _without_root_path(process: Any) -> Any:
    def processed(request: Any) -> Any:
        # A proxy's header, which any client could send: it moves the addresses in the answer.
        request.requestHeaders.removeHeader(b"daphne-root-path")
        return process(request)

    return processed
