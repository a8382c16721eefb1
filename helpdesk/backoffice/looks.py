"""How values are shown, the same in lists and on pages."""

from datetime import datetime

from django.utils.formats import date_format
from django.utils.timezone import localtime


def moment(at: datetime | None) -> str | None:
    return date_format(localtime(at), "DATETIME_FORMAT") if at else None
