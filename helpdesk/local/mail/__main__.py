"""The mail catcher: takes every mail, sends none on, shows them.

`python -m helpdesk.local.mail SMTP-PORT HTTP-PORT`
"""

import asyncio
import sys
import threading

from aiosmtpd.smtp import SMTP, Envelope, Session

from helpdesk.local.ports import HOST

from .api import http_server
from .mailbox import Mailbox, Message

_LARGEST_MAIL = 16 * 1024 * 1024


class Catcher:
    """The hooks of aiosmtpd."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802
        content = envelope.content or b""
        raw = content if isinstance(content, bytes) else content.encode()
        self._mailbox.add(Message(raw=raw, sender=envelope.mail_from or "", recipients=envelope.rcpt_tos))
        return "250 OK"


async def catch(*, smtp_port: int, http_port: int) -> None:
    mailbox = Mailbox()
    web = http_server(mailbox, host=HOST, port=http_port)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(Catcher(mailbox), data_size_limit=_LARGEST_MAIL, enable_SMTPUTF8=True, hostname="localhost"),
        host=HOST,
        port=smtp_port,
    )
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(catch(smtp_port=int(sys.argv[1]), http_port=int(sys.argv[2])))
