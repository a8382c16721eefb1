"""What a browser that knows the password still owes before the admin opens (`ADMIN_TOTP`)."""

from enum import StrEnum
from typing import Any, Final

from django.conf import settings
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from helpdesk.accounts.devices import Device
from helpdesk.accounts.models import TotpDevice
from helpdesk.accounts.operations import credentials
from helpdesk.accounts.roles import Permission

# In the browser's session: the id of the device whose code was shown. Another device asks anew.
_SHOWN: Final = "second_factor"
_TOLD: Final = "told"
# Seconds that a session with a password alone lasts.
HALF_SIGNED_IN: Final = 10 * 60


class Owed(StrEnum):
    CODE = "code"
    SET_UP = "set_up"


def is_offered() -> bool:
    return bool(settings.ADMIN_TOTP != "off")


def is_required() -> bool:
    return bool(settings.ADMIN_TOTP == "required")


def owed(request: Any) -> Owed | None:
    """Of somebody who may use the admin. Asked once a request, and anew for every request: a device can be removed."""
    if not is_offered():
        return None
    if not hasattr(request, "second_factor_owed"):
        request.second_factor_owed = _owed(request)
    found: Owed | None = request.second_factor_owed
    return found


def ask_anew(request: Any) -> None:
    """After a sign-in: it may be somebody else, and was not told yet."""
    request.session.pop(_TOLD, None)
    request.__dict__.pop("second_factor_owed", None)


def is_half_signed_in(request: Any) -> bool:
    """Whether the password was right, and opens nothing yet."""
    return may_enter(request) and owed(request) is not None


def may_enter(request: Any) -> bool:
    may = getattr(request.user, "may", None)
    return may is not None and bool(may(Permission.USE_ADMIN))


def shown(request: Any, *, device_id: int) -> None:
    """From here on this session is whole: under another key, for as long as others."""
    request.session.cycle_key()
    request.session[_SHOWN] = device_id
    request.session.set_expiry(None)
    request.second_factor_owed = None


def tell_once(request: Any, *, device: Device) -> None:
    """That somebody entered, once a sign-in: whichever of password and code came last."""
    if not request.session.get(_TOLD):
        request.session[_TOLD] = True
        credentials.entered_admin(user=request.user, device=device, now=timezone.now())


def shorten(request: Any) -> None:
    """A session that is left at the question does not wait there for half a day."""
    if request.session.get("_session_expiry") is None:
        request.session.set_expiry(HALF_SIGNED_IN)


def account_links(_request: Any) -> list[dict[str, Any]]:
    """In the menu beside one's name."""
    links = [{"title": _("Change password"), "link": reverse_lazy("admin:password_change")}]
    if is_offered():
        links.append({"title": _("Second factor"), "link": reverse_lazy("admin:second_factor")})
    return links


def _owed(request: Any) -> Owed | None:
    device = TotpDevice.objects.filter(user_id=request.user.pk).values_list("pk", flat=True).first()
    if device is None:
        return Owed.SET_UP if is_required() else None
    return None if request.session.get(_SHOWN) == device else Owed.CODE
