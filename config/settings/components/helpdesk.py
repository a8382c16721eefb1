"""What the desk does by itself, and where people reach it."""

from urllib.parse import urlsplit

from .env import address, env, one_of, within


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
# What the role agent sees of the tickets: all, those of the own teams, or those assigned; the own ones always.
AGENT_SCOPE = env("AGENT_SCOPE", cast=one_of("all", "team", "assigned"), default="all")
# Whether the queues of teams that say so give out their tickets by themselves, and how many an agent takes.
AUTO_ASSIGNMENT = env.bool("AUTO_ASSIGNMENT", default=True)
AGENT_CAPACITY = env("AGENT_CAPACITY", cast=within(0, 10_000), default=20)
# How many days a merge can be undone; 0: always.
TICKET_UNMERGE_DAYS = env.int("TICKET_UNMERGE_DAYS", default=30)
# After how many minutes somebody who is away is told by mail that a message waits in a chat; 0: never.
CHAT_EMAIL_MINUTES = env("CHAT_EMAIL_MINUTES", cast=within(0, 10_080), default=10)
DEMO_DATA_ALLOWED = False
