"""The mail server: connected to, greeted and signed in to. No mail is sent."""

import smtplib
import ssl
from typing import Any, Final

from django.conf import settings
from django.core.mail import get_connection
from django.core.mail.backends.smtp import EmailBackend

from helpdesk.system.findings import fail, ok, warn
from helpdesk.system.probing import Findings

_BOUND: Final = 3  # seconds for one answer
_AT_HOME: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def look() -> Findings:
    backend: Any = get_connection(timeout=_BOUND)
    if not isinstance(backend, EmailBackend):
        yield warn(f"mails go to {settings.EMAIL_BACKEND}, and leave for nobody", "Set EMAIL_HOST, if they shall.")
        return
    where = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    try:
        backend.open()
        server: Any = backend.connection
        server.ehlo_or_helo_if_needed()
    except smtplib.SMTPAuthenticationError as error:
        yield fail(f"{where} refuses the password: {error}", "Put EMAIL_HOST_USER and EMAIL_HOST_PASSWORD right.")
    except smtplib.SMTPNotSupportedError as error:
        yield fail(f"{where} cannot do what is asked: {error}", "See EMAIL_USE_TLS, EMAIL_HOST_USER and EMAIL_PORT.")
    except ssl.SSLError as error:
        yield fail(f"{where} has a certificate that is not trusted: {error}", "EMAIL_HOST must be the name in it.")
    except (smtplib.SMTPException, OSError) as error:
        yield fail(
            f"{where} does not answer: {error}", "Put EMAIL_HOST and EMAIL_PORT right; a firewall may be between."
        )
    else:
        how = ["STARTTLS"] if settings.EMAIL_USE_TLS else ["no TLS"]
        how += [f"signed in as {settings.EMAIL_HOST_USER}"] if settings.EMAIL_HOST_USER else []
        yield ok(f"{where} answers: {', '.join(how)}; no mail was sent")
        if not settings.EMAIL_USE_TLS and server.has_extn("starttls") and settings.EMAIL_HOST not in _AT_HOME:
            yield warn(f"{where} offers STARTTLS, which is not used", "Set EMAIL_USE_TLS to true.")
    finally:
        backend.close()
