"""Where e-mails leave, and as whom."""

from .env import env, port, within


def _path(text: str) -> str:
    """Takes the id of a ticket, as every e-mail will; raises ValueError for another text."""
    try:
        text.format(id=1)
    except (LookupError, AttributeError) as error:
        raise ValueError from error
    return text


def _page(text: str) -> str:
    """Begins with a slash and takes a token; raises ValueError for another text."""
    try:
        filled = text.format(token="\0")  # noqa: S106 - no secret
    except (LookupError, AttributeError) as error:
        raise ValueError from error
    if not text.startswith("/") or "\0" not in filled:
        raise ValueError
    return text


EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = env("EMAIL_HOST", default="localhost")
EMAIL_PORT = env("EMAIL_PORT", cast=port, default=25)
EMAIL_HOST_USER = env("EMAIL_HOST_USER", default="")
EMAIL_HOST_PASSWORD = env("EMAIL_HOST_PASSWORD", default="")
EMAIL_USE_TLS = env.bool("EMAIL_USE_TLS", default=False)
# Seconds for one answer of the mail server. Twelve of them are how long a mail stays claimed by a worker that died.
EMAIL_TIMEOUT = env("EMAIL_TIMEOUT", cast=within(1, 600), default=10)
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default="Helpdesk <helpdesk@example.com>")

# What follows PUBLIC_URL in the links to a ticket: where a front end shows it.
TICKET_PATH = env("TICKET_PATH", cast=_path, default="/api/tickets/{id}/")
# The same for a conversation, in the mail that says that messages wait.
CHAT_PATH = env("CHAT_PATH", cast=_path, default="/api/chat/conversations/{id}/messages/")
# The same for links that open something once: a front end's page takes the token from its address, and sends it here.
EMAIL_VERIFY_PATH = env("EMAIL_VERIFY_PATH", cast=_page, default="/verify-email?token={token}")
PASSWORD_RESET_PATH = env("PASSWORD_RESET_PATH", cast=_page, default="/reset-password?token={token}")
INVITATION_PATH = env("INVITATION_PATH", cast=_page, default="/accept-invitation?token={token}")
