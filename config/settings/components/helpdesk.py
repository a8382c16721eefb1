"""What the desk does by itself, and where people reach it."""

from .env import address, env

# Links in e-mails are built from this, never from a request's Host.
PUBLIC_URL = env("PUBLIC_URL", cast=address, default="http://127.0.0.1:8000")
TICKET_RECEIPT_EMAIL = env.bool("TICKET_RECEIPT_EMAIL", default=True)
CUSTOMER_COMMENT_REOPENS = env.bool("CUSTOMER_COMMENT_REOPENS", default=True)
DEMO_DATA_ALLOWED = False
