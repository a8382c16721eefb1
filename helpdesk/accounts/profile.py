"""What a phone number and a time zone may be, whoever types them."""

import zoneinfo
from typing import Final

from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

ZONES: Final = zoneinfo.available_timezones()
PHONE: Final = RegexValidator(r"^[0-9+(). /-]*\Z", _("Digits, spaces and + ( ) . / - only."))
