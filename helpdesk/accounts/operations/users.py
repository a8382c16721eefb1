"""Changes to people."""

from datetime import datetime
from typing import Any, Final

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from helpdesk.accounts.events import UserCreated, UsersLoaded, UserUpdated
from helpdesk.accounts.models import User
from helpdesk.accounts.operations.sessions import end_sessions
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


class OwnAccount(Conflict):
    code = "own_account"


class LastAdmin(Conflict):
    code = "last_admin"


# constraint -> the field at fault, and what is said
_TAKEN: Final[dict[str, tuple[str, str | Promise]]] = {
    "accounts_user_username_key": ("username", _("Somebody else has this username.")),
    "user_username_unique_in_any_case": ("username", _("Somebody else has this username.")),
    "user_email_unique_in_any_case": ("email", _("Somebody else has this e-mail address.")),
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
    _set_password(user, password)
    _save(user)
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
def set_password(*, by: User | None, user_id: int, password: str, now: datetime) -> User:
    """Saving it ends every session, by `passwords.SignsOut`."""
    user = _lock(user_id)
    _set_password(user, password)
    user.save(update_fields=["password"])
    publish(UserUpdated(user=user.as_dict(), values={"password": [None, None]}), by=by, now=now)
    return user


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
    """What a change brings along: another address is not verified, and a superuser is an admin."""
    implied: dict[str, Any] = {}
    if "email" in changes:
        implied["email_verified"] = False
    if user.is_superuser and changes.get("role", Role.ADMIN) != Role.ADMIN:
        implied |= {"is_superuser": False, "is_staff": False}
    return implied


def _write(user: User, written: dict[str, Any], *, told: list[str], by: User, now: datetime) -> User:
    if not written:
        return user
    values = {field: [getattr(user, field), written[field]] for field in told}
    for field, value in written.items():
        setattr(user, field, value)
    _save(user, update_fields=list(written))
    if not user.is_active and "is_active" in written:
        end_sessions(user=user, now=now)
    publish(UserUpdated(user=user.as_dict(), values=values), by=by, now=now)
    return user


def _set_password(user: User, password: str) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        errors = [FieldError("password", "weak_password", message) for message in error.messages]
        raise WeakPassword(_("This password is too weak."), errors=errors) from None
    user.set_password(password)


def _save(user: User, **options: Any) -> None:
    """Asking first whether a name is free would not keep two from taking it at once: the constraint decides."""
    try:
        with transaction.atomic():
            user.save(**options)
    except IntegrityError as error:
        violated = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
        if violated not in _TAKEN:
            raise
        field, message = _TAKEN[violated]
        raise NameTaken(message, errors=[FieldError(field, "taken", message)]) from None
