"""Turning the second factor on and off, and answering its question."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from helpdesk.accounts import totp
from helpdesk.accounts.devices import Device
from helpdesk.accounts.events import RecoveryCodeUsed, SecondFactorDisabled, SecondFactorEnabled, SignInRefused
from helpdesk.accounts.models import TotpDevice, User
from helpdesk.accounts.operations.users import UserNotFound
from helpdesk.accounts.sealing import Unreadable, seal, unseal
from helpdesk.core.errors import Conflict, Invalid
from helpdesk.events.operations import publish


class WrongCode(Invalid):
    code = "wrong_code"

    def __init__(self) -> None:
        super().__init__(_("This code is wrong, used before, or too old. Wait for the next one."))


class SecondFactorIsOn(Conflict):
    code = "second_factor_on"


class OwnSecondFactor(Conflict):
    code = "own_second_factor"


@transaction.atomic
def enable(*, by: User, secret: str, code: str, now: datetime) -> tuple[TotpDevice, list[str]]:
    """For oneself, by a first code that shows that the app has the secret. The recovery codes are nowhere else."""
    # Two tabs at once: the second waits here, and finds the device of the first.
    user = User.objects.select_for_update(no_key=True).get(pk=by.pk)
    if TotpDevice.objects.filter(user=user).exists():
        raise SecondFactorIsOn(_("The second factor is on already."))
    step = totp.matching_step(secret, code, now=now)
    if step is None:
        raise WrongCode
    codes = totp.new_recovery_codes()
    device = TotpDevice.objects.create(
        user=user,
        secret=seal(secret, user_id=user.pk),
        confirmed_at=now,
        last_used_step=step,
        recovery_digests=[totp.recovery_digest(text) for text in codes],
    )
    publish(SecondFactorEnabled(user=user.as_dict()), by=by, now=now)
    return device, codes


@transaction.atomic
def answer(*, user: User, typed: str, device: Device, now: datetime) -> int | None:
    """The id of the device that the code belongs to. Returns instead of raising: that it was refused must commit."""
    known = _locked(user)
    if known is not None and _spend(known, typed, now=now):
        return known.pk
    refused = SignInRefused(user=user.as_dict(), device=device.as_dict(), reason=WrongCode.code)
    publish(refused, by=None, now=now)
    return None


@transaction.atomic
def disable_own(*, by: User, typed: str, now: datetime) -> None:
    """Only with a code: an unlocked browser must not be enough."""
    known = _locked(by)
    if known is None:
        return
    if not _spend(known, typed, now=now):
        raise WrongCode
    _disable(known, by=by, now=now)


@transaction.atomic
def remove(*, by: User | None, user_id: int, now: datetime) -> bool:
    """For somebody who lost it, by another admin or from the command line (`by=None`); whether there was one."""
    if by is not None and by.pk == user_id:
        raise OwnSecondFactor(_("Your own second factor is turned off on its own page, with a code."))
    # The person first, as everywhere: in two orders it would be a deadlock.
    user = User.objects.select_for_update(no_key=True).filter(pk=user_id).first()
    if user is None:
        raise UserNotFound
    known = _locked(user)
    if known is not None:
        _disable(known, by=by, now=now)
    return known is not None


def _locked(user: User) -> TotpDevice | None:
    """The row lock lets parallel uses of one code queue up, and only the first finds it good."""
    found = TotpDevice.objects.select_for_update(of=("self",)).select_related("user").filter(user=user)
    return found.first()


def _spend(device: TotpDevice, typed: str, *, now: datetime) -> bool:
    return _spend_code(device, typed, now=now) or _spend_recovery_code(device, typed, now=now)


def _spend_code(device: TotpDevice, typed: str, *, now: datetime) -> bool:
    try:
        secret = unseal(device.secret, user_id=device.user_id)
    except Unreadable:
        return False  # the recovery codes still open
    step = totp.matching_step(secret, typed, now=now, after=device.last_used_step)
    if step is None:
        return False
    # Sealed anew: so a retired key is needed no longer than until everybody has signed in once.
    device.last_used_step, device.secret = step, seal(secret, user_id=device.user_id)
    device.save(update_fields=["last_used_step", "secret"])
    return True


def _spend_recovery_code(device: TotpDevice, typed: str, *, now: datetime) -> bool:
    digest = totp.recovery_digest(typed)
    if digest not in device.recovery_digests:
        return False
    device.recovery_digests = [other for other in device.recovery_digests if other != digest]
    device.save(update_fields=["recovery_digests"])
    told = RecoveryCodeUsed(user=device.user.as_dict(), left=len(device.recovery_digests))
    publish(told, by=device.user, now=now)
    return True


def _disable(device: TotpDevice, *, by: User | None, now: datetime) -> None:
    user = device.user
    device.delete()
    publish(SecondFactorDisabled(user=user.as_dict()), by=by, now=now)
