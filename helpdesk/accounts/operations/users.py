"""Changes to people."""

from copy import copy
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from helpdesk.accounts.devices import Device
from helpdesk.accounts.enums import Ending
from helpdesk.accounts.events import EmailVerificationRequested, UserCreated, UserInvited, UsersLoaded, UserUpdated
from helpdesk.accounts.models import User
from helpdesk.accounts.operations import credentials
from helpdesk.accounts.operations.endings import end_sessions
from helpdesk.accounts.operations.identities import unlink_all
from helpdesk.accounts.operations.one_time_tokens import withdraw_password_links
from helpdesk.accounts.roles import Permission, Role, roles_with
from helpdesk.core import bulk
from helpdesk.core.errors import Conflict, FieldError, Invalid, NotFound
from helpdesk.events.operations import publish
from helpdesk.events.operations.bulk_load import Happening
from helpdesk.events.operations.bulk_load import bulk_load as load_history


class UserNotFound(NotFound):
    def __init__(self) -> None:
        super().__init__(_("Not found."))


class NameTaken(Invalid):
    """The username or the e-mail address is somebody else's, in whichever case."""


class WeakPassword(Invalid):
    pass


class WrongPassword(Invalid):
    def __init__(self) -> None:
        message = _("This is not your password.")
        super().__init__(message, errors=[FieldError("old_password", "wrong_password", message)])


class NoPassword(Conflict):
    code = "no_password"


class OwnAccount(Conflict):
    code = "own_account"


class LastAdmin(Conflict):
    code = "last_admin"


# constraint -> the field at fault
_TAKEN: Final[dict[str, str]] = {
    "accounts_user_username_key": "username",
    "user_username_unique_in_any_case": "username",
    "user_email_unique_in_any_case": "email",
}
_SAID: Final[dict[str, str | Promise]] = {
    "username": _("Somebody else has this username."),
    "email": _("Somebody else has this e-mail address."),
}
_MANAGERS: Final = roles_with(Permission.MANAGE_USERS)


@transaction.atomic
def create_user(
    *,
    by: User | None,
    username: str,
    password: str,
    now: datetime,
    email: str = "",
    name: str = "",
    role: str = Role.CUSTOMER,
    language: str = "en",
) -> User:
    user = User(username=username, email=email, name=name, role=role, language=language, date_joined=now)
    choose_password(user, password)
    save(user)
    publish(UserCreated(user=user.as_dict()), by=by, now=now)
    return user


@transaction.atomic
def update_user(*, by: User, user_id: int, changes: dict[str, Any], now: datetime) -> User:
    """Write the named of `name`, `email`, `role`, `is_active`, `language`, `phone`, `timezone`, no others."""
    user = _lock(user_id, and_managers=bool(changes.keys() & {"role", "is_active"}))
    changes = {field: value for field, value in changes.items() if getattr(user, field) != value}
    if user.role in _MANAGERS and user.is_active and not _stays_manager(changes):
        _check_dispensable(user, by=by)
    written = {**changes, **_implied(user, changes)}
    return _write(user, written, told=list(changes), by=by, now=now)


@transaction.atomic
def update_profile(*, by: User, changes: dict[str, Any], now: datetime) -> User:
    """Write the given fields of one's own profile, and no others."""
    user = _lock(by.pk)
    changes = {field: value for field, value in changes.items() if getattr(user, field) != value}
    return _write(user, changes, told=list(changes), by=by, now=now)


@transaction.atomic
def set_password(*, by: User | None, user_id: int, password: str, now: datetime, field: str = "password") -> User:
    """Every session ends. `field`: what the caller calls it. Another's hand also closes the ways in by providers."""
    user = _lock(user_id)
    choose_password(user, password, field=field)
    _write_password(user, by=by, now=now)
    if by is None or by.pk != user.pk:
        unlink_all(user=user, now=now)
    return user


def change_password(
    *, by: User, session_id: UUID, old_password: str, new_password: str, device: Device, now: datetime
) -> None:
    """Every other session ends. The one that asks goes on by its refresh token: all access tokens are stale."""
    if not by.has_usable_password():
        raise NoPassword(_("You have no password yet: you sign in with another account. Ask for one by e-mail."))
    # Not while the row is held: a hash is meant to take its time.
    if not credentials.confirm(user=by, password=old_password, device=device, now=now):
        raise WrongPassword
    chosen = copy(by)
    choose_password(chosen, new_password, field="new_password")
    with transaction.atomic():
        user = _lock(by.pk)
        if user.password != by.password:
            # Another one was set meanwhile.
            raise WrongPassword
        user.password = chosen.password
        _write_password(user, by=by, now=now, but=session_id)


@transaction.atomic
def bulk_load(users: list[User], *, password: str, now: datetime) -> None:
    """Many people with one password, hashed once: a hash is meant to cost a third of a second."""
    if not users:
        return
    hashed = make_password(password)
    for user in users:
        user.password = hashed
    User.objects.bulk_create(users, batch_size=1000)
    bulk.analyze(User)
    load_history(Happening(UserCreated(user=user.as_dict()), None, now) for user in users)
    publish(UsersLoaded(users=len(users)), by=None, now=now)


def _lock(user_id: int, *, and_managers: bool = False) -> User:
    """The row, and those of all who manage users: one statement in one order cannot deadlock.

    Two admins who take each other's role away wait here, and the second finds that one is left. Not the strongest
    lock: tickets may be opened for somebody whose account is being changed.
    """
    concerned = Q(pk=user_id)
    if and_managers:
        concerned |= Q(role__in=_MANAGERS, is_active=True)
    people = User.objects.filter(concerned).select_for_update(no_key=True).order_by("pk")
    locked = {user.pk: user for user in people}
    if user_id not in locked:
        raise UserNotFound
    return locked[user_id]


def _stays_manager(changes: dict[str, Any]) -> bool:
    return ("role" not in changes or changes["role"] in _MANAGERS) and changes.get("is_active", True)


def _check_dispensable(user: User, *, by: User) -> None:
    if user == by:
        raise OwnAccount(_("You cannot deactivate yourself or take away your own role. Ask another admin."))
    if not User.objects.who_may(Permission.MANAGE_USERS).exclude(pk=user.pk).exists():
        raise LastAdmin(_("This is the last active admin. Make somebody else an admin first."))


def _implied(user: User, changes: dict[str, Any]) -> dict[str, Any]:
    """What a change brings along: another address is not verified, tokens are stale, and a superuser is an admin."""
    implied: dict[str, Any] = {}
    if "email" in changes:
        implied["email_verified"] = False
    if changes.keys() & {"role", "is_active"}:
        # The tokens that are about speak of somebody else.
        implied["token_version"] = user.token_version + 1
    if user.is_superuser and changes.get("role", Role.ADMIN) != Role.ADMIN:
        implied |= {"is_superuser": False, "is_staff": False}
    return implied


def _write(user: User, written: dict[str, Any], *, told: list[str], by: User, now: datetime) -> User:
    if not written:
        return user
    values = {field: [getattr(user, field), written[field]] for field in told}
    for field, value in written.items():
        setattr(user, field, value)
    save(user, update_fields=list(written))
    publish(UserUpdated(user=user.as_dict(), values=values), by=by, now=now)
    if "email" in written and user.email:
        # Who has no way in yet was invited, at the old address: that link verifies the new one too.
        is_invited = not user.has_usable_password() and not user.identities.exists()
        asked = UserInvited if is_invited else EmailVerificationRequested
        publish(asked(user=user.as_dict()), by=by, now=now)
    if not user.is_active and "is_active" in written:
        end_sessions(user=user, reason=Ending.DEACTIVATED, by=by, now=now)
    return user


def _write_password(user: User, *, by: User | None, now: datetime, but: UUID | None = None) -> None:
    user.token_version += 1
    user.save(update_fields=["password", "token_version"])
    withdraw_password_links(user=user)
    publish(UserUpdated(user=user.as_dict(), values={"password": [None, None]}), by=by, now=now)
    end_sessions(user=user, reason=Ending.PASSWORD_CHANGED, by=by, now=now, but=but)


def choose_password(user: User, password: str, *, field: str = "password") -> None:
    """Not yet saved."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        errors = [FieldError(field, "weak_password", message) for message in error.messages]
        raise WeakPassword(_("This password is too weak."), errors=errors) from None
    # Not by `set_password`, of which Django would tell `passwords.SignsOut`.
    user.password = make_password(password)


def save(user: User, **options: Any) -> None:
    """Asking first whether a name is free would not keep two from taking it at once: the constraint decides."""
    try:
        with transaction.atomic():
            user.save(**options)
    except IntegrityError as error:
        violated = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
        if violated not in _TAKEN:
            raise
        raise name_taken(_TAKEN[violated]) from None


def name_taken(field: str) -> NameTaken:
    return NameTaken(_SAID[field], errors=[FieldError(field, "taken", _SAID[field])])
