"""What follows from a new password, whoever sets it."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from helpdesk.accounts.models import User
from helpdesk.accounts.operations.one_time_tokens import withdraw_password_links
from helpdesk.accounts.operations.sessions import end_sessions


class SignsOut:
    """Whoever knew the old one is out, and links for choosing another one open nothing any more.

    No rule for passwords, but of these Django also tells when one was saved. So this holds for its own command
    `changepassword` too, the cure for a password that is known, which knows no operation.
    """

    def validate(self, password: str, user: Any = None) -> None:
        pass

    def password_changed(self, _password: str, user: User) -> None:
        end_sessions(user=user, now=timezone.now())
        withdraw_password_links(user=user)

    def get_help_text(self) -> str:
        return _("A new password signs you out everywhere else.")
