"""What follows from a new password, whoever sets it."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from helpdesk.accounts.enums import Ending
from helpdesk.accounts.events import UserUpdated
from helpdesk.accounts.models import User
from helpdesk.accounts.operations.endings import end_sessions, outdate_tokens
from helpdesk.accounts.operations.one_time_tokens import withdraw_password_links
from helpdesk.events.operations import publish


class SignsOut:
    """Whoever knew the old one is out, and links for choosing another one open nothing any more.

    No rule for passwords, but of these Django also tells when one was saved, in the transaction that `User.save` opens.
    So this holds for its own command `changepassword` too, the cure for a password that is known, which knows no
    operation. Ours do it themselves, since they know who did it.
    """

    def validate(self, password: str, user: Any = None) -> None:
        pass

    def password_changed(self, _password: str, user: User) -> None:
        now = timezone.now()
        outdate_tokens(user)
        withdraw_password_links(user=user)
        publish(UserUpdated(user=user.as_dict(), values={"password": [None, None]}), by=None, now=now)
        end_sessions(user=user, reason=Ending.PASSWORD_CHANGED, now=now)

    def get_help_text(self) -> str:
        return _("A new password signs you out everywhere else.")
