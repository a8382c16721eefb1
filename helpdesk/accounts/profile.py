"""What a username, a phone number and a time zone may be, whoever types them."""

import zoneinfo
from typing import Final

from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

ZONES: Final = zoneinfo.available_timezones()
PHONE: Final = RegexValidator(r"^[0-9+(). /-]*\Z", _("Digits, spaces and + ( ) . / - only."))
# No @: an e-mail address also signs in, and must not be somebody else's username.
USERNAME: Final = RegexValidator(r"^[\w.+-]+\Z", _("Letters, digits and . + - _ only."))
