"""Is it this person's password? Asked here alone, whichever door it is typed at.

Each guess is counted before anything is hashed. A refused one does the same work, whether the name is known, unknown or
of an inactive account: one look, one charge, one hash, one event. None of this may happen inside a transaction: a guess
stays counted, and its event written, whatever becomes of the request.
"""

import logging
import unicodedata
from datetime import datetime

from django.conf import settings
from django.contrib.auth.hashers import make_password, verify_password
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from helpdesk.accounts.devices import Device
from helpdesk.accounts.events import SignedIn, SignInRefused, UnknownSignInRefused
from helpdesk.accounts.hashers import TooManyHashes
from helpdesk.accounts.models import User
from helpdesk.accounts.queries import called
from helpdesk.accounts.roles import Permission
from helpdesk.core.errors import Throttled, Unauthenticated
from helpdesk.events.operations import publish
from helpdesk.limits import addresses, guesses
from helpdesk.limits.guesses import Guess

log = logging.getLogger(__name__)

_UNLIMITED = Guess(allowed=True, wait=0.0, give_back=lambda: None)


class NoActiveAccount(Unauthenticated):
    """Wrong, unknown and inactive alike: the answer must not tell which names exist."""

    code = "no_active_account"


def check(*, username: str, password: str, device: Device, now: datetime, permission: Permission | None = None) -> User:
    """Whose name and password these are; `permission` is what the door asks of who comes in.

    Raises `NoActiveAccount`; `Throttled` after too many wrong ones, also for a right one; `TooManyHashes`.
    """
    user, counted = called(username)
    guess = _charge(_account_of(counted) if counted else _folded(username), device)
    fits, outdated = _try(user, password, guess)
    reason = _refusal(user, fits=fits, permission=permission)
    if user is None or reason:
        if outdated:
            # An older hash may cost less than a new one: its name must not be told by that.
            make_password(password)
        _tell(user, reason=reason, device=device, now=now)
        raise NoActiveAccount(_("No active account with these credentials."))
    if outdated:
        _renew_hash(user, password)
    # Only what this one was charged: earlier wrong guesses stay, or signing in to an own account would buy new ones.
    guess.give_back()
    return user


def confirm(*, user: User, password: str, device: Device, now: datetime) -> bool:
    """Whether somebody who is signed in knows the password, as before it is changed. Counted with the sign-ins."""
    guess = _charge(_account_of(user), device)
    fits, _outdated = _try(user, password, guess)
    if fits:
        guess.give_back()
    else:
        _tell(user, reason="wrong_old_password", device=device, now=now)
    return fits


@transaction.atomic
def entered_admin(*, user: User, device: Device, now: datetime) -> None:
    """The history of a sign-in that ends in a cookie: it has no session at the API."""
    publish(SignedIn(user=user.as_dict(), device=device.as_dict(), session="", method="admin"), by=user, now=now)


def _charge(account: str, device: Device) -> Guess:
    if not settings.RATE_LIMIT_ENABLED:
        return _UNLIMITED
    guess = guesses.charge(account=account, address=addresses.origin({"REMOTE_ADDR": device.address}))
    if not guess.allowed:
        # No event: they would be without number. The guesses that led here have theirs.
        log.warning("too many wrong passwords")
        raise Throttled(wait=guess.wait)
    return guess


def _try(user: User | None, password: str, guess: Guess) -> tuple[bool, bool]:
    """Whether it fits, and whether the hash is one that is not made any more."""
    try:
        if user is None:
            make_password(password)
            return False, False
        return verify_password(password, user.password)
    except TooManyHashes:
        guess.give_back()
        raise


def _refusal(user: User | None, *, fits: bool, permission: Permission | None) -> str:
    """One word, empty where there is none. That of an inactive account does not tell of its password."""
    if user is None:
        return "unknown"
    if not user.is_active:
        return "inactive"
    if not fits:
        return "wrong_password"
    return "" if permission is None or user.may(permission) else "not_allowed_here"


@transaction.atomic
def _tell(user: User | None, *, reason: str, device: Device, now: datetime) -> None:
    if user is None:
        publish(UnknownSignInRefused(device=device.as_dict()), by=None, now=now)
    else:
        publish(SignInRefused(user=user.as_dict(), device=device.as_dict(), reason=reason), by=None, now=now)


def _renew_hash(user: User, password: str) -> None:
    """Only for who comes in; and not over a password that was changed in the meantime."""
    try:
        renewed = make_password(password)
    except TooManyHashes:
        return
    if User.objects.filter(pk=user.pk, password=user.password).update(password=renewed):
        user.password = renewed
        return
    # Renewed by a sign-in beside this one, or changed: only the first still fits.
    there = User.objects.values_list("password", flat=True).get(pk=user.pk)
    if verify_password(password, there)[0]:
        user.password = there


def _account_of(user: User) -> str:
    return f"user:{user.pk}"


def _folded(username: str) -> str:
    """As `called` compares, which is PostgreSQL's `lower`, letter by letter: or counters would tell who is known."""
    letters = unicodedata.normalize("NFKC", username)
    return f"name:{''.join(letter.lower()[0] for letter in letters)}"
