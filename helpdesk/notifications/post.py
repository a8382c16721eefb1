"""One SMTP connection for many mails, and what the server's answers mean."""

import smtplib
from types import TracebackType
from typing import Any, Self

from django.core.mail import EmailMessage, get_connection


class Refused(Exception):
    """For good: 5xx, or an address that cannot be one."""


class Deferred(Exception):
    """For now: 4xx, or the line broke in the middle."""


class Unreachable(Exception):
    """Nobody opened, or not to us: no mail's fault. So is a sender or a sign-in that the server does not accept."""


class Post:
    """Opened for the first mail, and again after the line broke."""

    def __init__(self) -> None:
        self._connection: Any = get_connection()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._connection.close()
        except (smtplib.SMTPException, OSError):
            self._hang_up()

    def deliver(self, message: EmailMessage) -> None:
        """Return when the server has accepted it."""
        try:
            self._connection.open()
        except (smtplib.SMTPException, OSError) as error:
            self._hang_up()
            raise Unreachable(_said(error)) from error
        try:
            self._connection.send_messages([message])
        except (smtplib.SMTPException, OSError) as error:
            code = _code(error)
            # After 421, and whenever there was no answer, nobody listens any more.
            if code is None or code == 421:  # noqa: PLR2004
                self._hang_up()
            if _is_about_us(error, code):
                raise Unreachable(_said(error)) from error
            if _is_permanent(error, code):
                raise Refused(_said(error)) from error
            raise Deferred(_said(error)) from error
        except ValueError as error:
            raise Refused(f"{type(error).__name__}: {error}") from error

    def _hang_up(self) -> None:
        """Without the QUIT that would wait for another answer."""
        smtp = getattr(self._connection, "connection", None)
        if smtp is not None:
            smtp.close()
            self._connection.connection = None


def _is_about_us(error: Exception, code: int | None) -> bool:
    """Every mail has the same sender, and 530 asks for a sign-in: the next mail would hear the same."""
    return isinstance(error, smtplib.SMTPSenderRefused) or code == 530  # noqa: PLR2004


def _is_permanent(error: Exception, code: int | None) -> bool:
    return isinstance(error, smtplib.SMTPNotSupportedError) or (code is not None and 500 <= code < 600)  # noqa: PLR2004


def _answer(error: Exception) -> tuple[int, bytes | str] | None:
    match error:
        case smtplib.SMTPRecipientsRefused():
            # One recipient a mail.
            return next(iter(error.recipients.values()))
        case smtplib.SMTPResponseException():
            return error.smtp_code, error.smtp_error
        case _:
            return None


def _code(error: Exception) -> int | None:
    answer = _answer(error)
    return answer[0] if answer else None


def _said(error: Exception) -> str:
    answer = _answer(error)
    if answer is None:
        return f"{type(error).__name__}: {error}"
    code, text = answer
    return f"{code} {text.decode(errors='replace') if isinstance(text, bytes) else text}"
