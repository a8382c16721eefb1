"""A mail server that keeps what it is sent, and refuses, waits or hangs up when it is told to."""

import asyncio
import logging
import threading
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from tests.servers.process import HOST, free_port

# Each line of each conversation.
logging.getLogger("mail.log").setLevel(logging.WARNING)


@dataclass
class Mail:
    """One accepted e-mail: the envelope's recipients, and the message."""

    to: list[str]
    message: EmailMessage

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    @property
    def message_id(self) -> str:
        return str(self.message["Message-ID"])

    @property
    def text(self) -> str:
        return self._body("plain")

    @property
    def html(self) -> str:
        return self._body("html")

    def _body(self, kind: str) -> str:
        part = self.message.get_body((kind,))
        assert part is not None
        return str(part.get_content())


@dataclass
class _Refusal:
    answer: str
    at: str
    to: str | None
    times: float


@dataclass
class Smtp:
    """A mail server in a thread of this process, on one port for its whole life, also across `stop()` and `start()`.

    Nobody has to sign in; who does needs the password.
    """

    port: int = field(default_factory=free_port)
    mails: list[Mail] = field(default_factory=list)
    slowness: float = 0  # seconds before a message is accepted
    pause: float = 0  # seconds before each answer
    password: str = "letter"
    connections: int = 0  # since the beginning

    def __post_init__(self) -> None:
        self._refusals: list[_Refusal] = []
        self._transports: list[asyncio.BaseTransport] = []
        self._thread: threading.Thread | None = None

    @property
    def env(self) -> dict[str, str]:
        return {"EMAIL_HOST": HOST, "EMAIL_PORT": str(self.port)}

    def refuse(self, answer: str, *, at: str = "RCPT", to: str | None = None, times: float = float("inf")) -> None:
        """Answer `"550 No such user"` from now on, to MAIL, RCPT or DATA, for one address or all, so many times.

        With 421 it hangs up afterwards, and with "" at once.
        """
        self._refusals.append(_Refusal(answer, at, to, times))

    def accept(self) -> None:
        """Refuse nothing any more."""
        self._refusals.clear()

    def start(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        listening = self._loop.create_server(self._session, HOST, self.port, reuse_address=True)
        self._server = asyncio.run_coroutine_threadsafe(listening, self._loop).result(10)

    def stop(self) -> None:
        """Hang up on everybody and stop listening."""
        if self._thread is None:
            return
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
        self._thread = None

    async def _end(self) -> None:
        self._server.close()
        for transport in self._transports:
            transport.abort()  # type: ignore[attr-defined]
        self._transports.clear()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _session(self) -> SMTP:
        smtp = self

        class Recorded(SMTP):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                smtp._transports.append(transport)
                smtp.connections += 1
                super().connection_made(transport)

            async def push(self, status: Any) -> None:
                # An answer of several lines is one answer.
                if smtp.pause and status[3:4] not in ("-", b"-"):
                    await asyncio.sleep(smtp.pause)
                await super().push(status)

        return Recorded(
            self,
            hostname="sink",
            loop=self._loop,
            authenticator=self._sign_in,
            auth_require_tls=False,
        )

    def _sign_in(self, _server: SMTP, _session: Session, _envelope: Envelope, _how: str, given: Any) -> AuthResult:
        return AuthResult(success=given.password == self.password.encode(), handled=False)

    # aiosmtpd calls these three.
    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if refusal := self._refusal("MAIL", [address], server):
            return refusal
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if refusal := self._refusal("RCPT", [address], server):
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        if refusal := self._refusal("DATA", envelope.rcpt_tos, server):
            return refusal
        if self.slowness:
            await asyncio.sleep(self.slowness)
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.mails.append(Mail(list(envelope.rcpt_tos), message))
        return "250 OK"

    def _refusal(self, at: str, addresses: list[str], server: SMTP) -> str | None:
        for refusal in self._refusals:
            if refusal.at == at and refusal.times > 0 and (refusal.to is None or refusal.to in addresses):
                refusal.times -= 1
                assert server.transport is not None
                if not refusal.answer:
                    server.transport.abort()
                if refusal.answer.startswith("421"):
                    self._loop.call_later(0.05, server.transport.close)
                return refusal.answer or "421"
        return None
