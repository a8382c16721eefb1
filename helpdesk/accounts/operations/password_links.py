"""A password by a link: the old one is forgotten, or there never was one."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from helpdesk.accounts.events import PasswordResetRequested, UserCreated, UserInvited
from helpdesk.accounts.models import User
from helpdesk.accounts.operations.email_addresses import mark_verified
from helpdesk.accounts.operations.identities import unlink_all
from helpdesk.accounts.operations.one_time_tokens import PASSWORD_LINKS, spend_link
from helpdesk.accounts.operations.pace import pause_before
from helpdesk.accounts.operations.users import UserNotFound, save, set_password
from helpdesk.accounts.roles import Role
from helpdesk.core.errors import Conflict
from helpdesk.events.operations import publish


class NotInvitable(Conflict):
    code = "not_invitable"


@transaction.atomic
def request_reset(*, email: str, now: datetime) -> None:
    """Whoever signed in by a provider so far gets a password too: the address proves as much as it does elsewhere."""
    people = User.objects.get_queryset().with_address(email).filter(is_active=True)
    user = people.select_for_update(no_key=True).first()
    if user and not pause_before(PasswordResetRequested, user=user, now=now):
        publish(PasswordResetRequested(user=user.as_dict()), by=None, now=now)


@transaction.atomic
def choose_by_link(*, token: str, password: str, now: datetime) -> None:
    """A password that is too weak does not use the link up: all of it is undone."""
    user = spend_link(token, *PASSWORD_LINKS, now=now)
    set_password(by=user, user_id=user.pk, password=password, now=now, field="new_password")
    if mark_verified(user, now=now):
        # Until now nobody had shown that the address is theirs: who linked a provider may have been somebody else.
        unlink_all(user=user, now=now)


@transaction.atomic
def invite_user(
    *,
    by: User,
    username: str,
    email: str,
    now: datetime,
    name: str = "",
    role: str = Role.CUSTOMER,
    language: str = "en",
) -> User:
    """A person who cannot sign in before the link was followed."""
    user = User(username=username, email=email, name=name, role=role, language=language, date_joined=now)
    user.set_unusable_password()
    save(user)
    publish(UserCreated(user=user.as_dict()), by=by, now=now)
    publish(UserInvited(user=user.as_dict()), by=by, now=now)
    return user


@transaction.atomic
def invite_again(*, by: User, user_id: int, now: datetime) -> None:
    user = User.objects.select_for_update(no_key=True).filter(pk=user_id).first()
    if user is None:
        raise UserNotFound
    if user.has_usable_password():
        raise NotInvitable(_("This person has a password already."))
    if not user.is_active or not user.email:
        raise NotInvitable(_("This person is inactive, or has no e-mail address."))
    publish(UserInvited(user=user.as_dict()), by=by, now=now)
