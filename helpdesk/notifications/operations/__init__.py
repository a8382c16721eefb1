"""Owe a mail in one statement, send it outside the request, take up again what was given up."""

from helpdesk.notifications.operations.owing import owe_emails
from helpdesk.notifications.operations.retrying import resend_emails, retry_emails
from helpdesk.notifications.operations.sending import send_due_emails, send_event_emails

__all__ = ["owe_emails", "resend_emails", "retry_emails", "send_due_emails", "send_event_emails"]
