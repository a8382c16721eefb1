"""May people become customers by themselves?"""

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from helpdesk.core.errors import Forbidden


class RegistrationClosed(Forbidden):
    code = "registration_closed"


def check_open() -> None:
    """By whichever door they come: with a password, or by a provider's word."""
    if not settings.REGISTRATION_OPEN:
        raise RegistrationClosed(_("Nobody can register here. Ask for an invitation."))
