"""What the desk does by itself, and where people reach it."""

from urllib.parse import urlsplit

from .env import address, env, within


def _web(text: str) -> str:
    if not urlsplit(address("https", "http")(text)).hostname:
        raise ValueError
    return text


# Links in e-mails are built from this, never from a request's Host.
PUBLIC_URL = env("PUBLIC_URL", cast=_web, default="http://127.0.0.1:8000")
TICKET_RECEIPT_EMAIL = env.bool("TICKET_RECEIPT_EMAIL", default=True)
CUSTOMER_COMMENT_REOPENS = env.bool("CUSTOMER_COMMENT_REOPENS", default=True)
# For how many days customers may reopen what was closed, and after how many a resolved ticket closes; 0: always, never.
TICKET_REOPEN_DAYS = env("TICKET_REOPEN_DAYS", cast=within(0, 36_500), default=14)
TICKET_AUTO_CLOSE_DAYS = env("TICKET_AUTO_CLOSE_DAYS", cast=within(0, 36_500), default=7)
DEMO_DATA_ALLOWED = False
