"""Becoming a customer by oneself.

Nothing may tell whether the address was known: an account that is made and one that is not end alike.
"""

from datetime import datetime

from django.db import transaction

from helpdesk.accounts.events import EmailVerificationRequested, RegisteredAgain, UserCreated
from helpdesk.accounts.models import User
from helpdesk.accounts.operations.openness import check_open
from helpdesk.accounts.operations.pace import pause_before
from helpdesk.accounts.operations.users import NameTaken, choose_password, name_taken, save
from helpdesk.events.operations import publish


def register(*, username: str, email: str, password: str, now: datetime, name: str = "", language: str = "en") -> None:
    """A new customer; or, where somebody has the address, a mail to them and nothing else."""
    check_open()
    user = User(username=username, email=email, name=name, language=language, date_joined=now)
    # Before anybody looks who has the address, so that it is hashed in either case.
    choose_password(user, password)
    _enrol(user, now=now)


@transaction.atomic
def _enrol(user: User, *, now: datetime) -> None:
    # Asked before the address is: or the same username would be taken beside a new one, and free beside a known one.
    if User.objects.get_queryset().with_username(user.username).exists():
        raise name_taken("username")
    if _owner(user.email) is None and _is_made(user):
        publish(UserCreated(user=user.as_dict()), by=user, now=now)
        publish(EmailVerificationRequested(user=user.as_dict()), by=user, now=now)
    elif (owner := _owner(user.email, locked=True)) and not pause_before(RegisteredAgain, user=owner, now=now):
        publish(RegisteredAgain(user=owner.as_dict()), by=None, now=now)


def _owner(email: str, *, locked: bool = False) -> User | None:
    """Locked, parallel wishes queue up to be counted."""
    people = User.objects.get_queryset().with_address(email)
    return (people.select_for_update(no_key=True) if locked else people).first()


def _is_made(user: User) -> bool:
    """False if somebody else took the address since we looked."""
    try:
        save(user)
    except NameTaken as taken:
        if [error.field for error in taken.errors] != ["email"]:
            raise
        return False
    return True
