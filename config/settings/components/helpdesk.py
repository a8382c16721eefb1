"""What the desk does by itself, and where people reach it."""

from urllib.parse import urlsplit

from .env import address, env


def _web(text: str) -> str:
    if not urlsplit(address("https", "http")(text)).hostname:
        raise ValueError
    return text


# Links in e-mails are built from this, never from a request's Host.
PUBLIC_URL = env("PUBLIC_URL", cast=_web, default="http://127.0.0.1:8000")
TICKET_RECEIPT_EMAIL = env.bool("TICKET_RECEIPT_EMAIL", default=True)
CUSTOMER_COMMENT_REOPENS = env.bool("CUSTOMER_COMMENT_REOPENS", default=True)
# How many days a merge can be undone; 0: always.
TICKET_UNMERGE_DAYS = env.int("TICKET_UNMERGE_DAYS", default=30)
DEMO_DATA_ALLOWED = False
