"""Fixed choices of deliveries."""

from enum import StrEnum

from django.db import models


class Channel(models.TextChoices):
    EMAIL = "email"


class State(models.TextChoices):
    PENDING = "pending"
    SENT = "sent"
    # Refused for good: trying again would get the same answer.
    FAILED = "failed"
    # Given up after the last try; `retry_emails` takes it up again.
    PARKED = "parked"


class Template(StrEnum):
    """What a delivery says; the value is the name of its template files."""

    TICKET_CREATED = "ticket_created"
    TICKET_RECEIPT = "ticket_receipt"
    TICKET_ASSIGNED = "ticket_assigned"
    STATUS_CHANGED = "status_changed"
    COMMENT_ADDED = "comment_added"
    NOTE_ADDED = "note_added"
    EMAIL_VERIFICATION = "email_verification"
    REGISTERED_AGAIN = "registered_again"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - no secret
    INVITATION = "invitation"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - no secret
    EMAIL_CHANGED = "email_changed"
    IDENTITY_LINKED = "identity_linked"
    MESSAGES_WAITING = "messages_waiting"


# Read by agents only, which is asked again when it is sent: a role can change.
STAFF_ONLY = frozenset({Template.TICKET_CREATED, Template.TICKET_ASSIGNED, Template.NOTE_ADDED})
