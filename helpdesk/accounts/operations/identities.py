"""Signing in by a provider's word, and which providers may speak for whom."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Value
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from helpdesk.accounts.devices import Device
from helpdesk.accounts.enums import Method
from helpdesk.accounts.events import EmailVerified, IdentityLinked, IdentityUnlinked, SignInRefused, UserCreated
from helpdesk.accounts.models import SocialIdentity, User
from helpdesk.accounts.operations.credentials import NoActiveAccount
from helpdesk.accounts.operations.openness import check_open
from helpdesk.accounts.operations.sessions import begin_session
from helpdesk.accounts.social.people import Person
from helpdesk.accounts.social.providers import is_on
from helpdesk.accounts.social.vouching import Proof, vouch
from helpdesk.accounts.tokens import InvalidToken
from helpdesk.accounts.usernames import suggestions
from helpdesk.core.errors import Conflict, NotFound
from helpdesk.events.operations import publish


class LinkRequired(Conflict):
    """Told only to somebody who has proved the address to the provider: it is theirs to know that it is known."""

    code = "link_required"


class IdentityTaken(Conflict):
    code = "identity_taken"


class AlreadyLinked(Conflict):
    code = "already_linked"


class OnlyWayIn(Conflict):
    code = "only_way_in"


class NotLinked(NotFound):
    def __init__(self) -> None:
        super().__init__(_("Not found."))


class _Overtaken(Exception):
    """Somebody else took the identity, or the address, between our look and our write."""


@dataclass(frozen=True, kw_only=True)
class Entrance:
    user: User
    tokens: dict[str, str]
    created: bool


# After the first one the winner's rows are there to be found.
_ROUNDS: Final = 3
_USERNAMES: Final = frozenset({"accounts_user_username_key", "user_username_unique_in_any_case"})
_OVERTAKEN: Final = frozenset({"identity_is_one_persons", "user_email_unique_in_any_case"})


def sign_in(*, provider: str, proof: Proof, language: str, device: Device, now: datetime) -> Entrance:
    """As whoever the provider says it is: an account that it knows, that has the address, or a new one."""
    person = vouch(provider, proof)
    for _round in range(_ROUNDS):
        try:
            entrance = _enter(person, language=language, device=device, now=now)
        except _Overtaken:
            continue
        if entrance is None:
            break
        return entrance
    raise NoActiveAccount(_("No active account with these credentials."))


def link(*, by: User, provider: str, proof: Proof, now: datetime) -> tuple[SocialIdentity, bool]:
    """The identity, and whether it is new: from now on it signs this user in."""
    return _link(by, vouch(provider, proof), now=now)


@transaction.atomic
def unlink(*, by: User, provider: str, now: datetime) -> None:
    """Of the own ones only. The last way in stays."""
    # Two that are unlinked at once wait here, and the second finds that one is left.
    user = _lock(by.pk)
    others = {identity.provider: identity for identity in user.identities.all()}
    identity = others.pop(provider, None)
    if identity is None:
        raise NotLinked
    if not user.has_usable_password() and not any(map(is_on, others)):
        raise OnlyWayIn(_("You have no other way to sign in. Set a password first."))
    identity.delete()
    publish(IdentityUnlinked(user=user.as_dict(), provider=provider), by=user, now=now)


def unlink_all(*, user: User, now: datetime) -> None:
    """In the caller's transaction: for when an account turns out to be somebody else's than who linked them."""
    for identity in user.identities.order_by("pk"):
        identity.delete()
        publish(IdentityUnlinked(user=user.as_dict(), provider=identity.provider), by=user, now=now)


@transaction.atomic
def _enter(person: Person, *, language: str, device: Device, now: datetime) -> Entrance | None:
    """None for an inactive account; that it was tried must commit."""
    # Whoever deactivates the account waits, and then finds the session and ends it. As everywhere here the person is
    # locked and the identity is not: in two orders they would be a deadlock.
    known = (
        SocialIdentity.objects.select_for_update(no_key=True, of=("user",))
        .select_related("user")
        .filter(provider=person.provider, subject=person.subject)
        .first()
    )
    # Only the person was read anew after the wait, not the identity.
    if known and not SocialIdentity.objects.filter(pk=known.pk).exists():
        raise _Overtaken
    owner = known.user if known else _owner_of(person.email)
    if owner is not None and not owner.is_active:
        refused = SignInRefused(user=owner.as_dict(), device=device.as_dict(), reason="inactive")
        publish(refused, by=None, now=now)
        return None
    if owner is None:
        check_open()
    user = owner or _new_customer(person, language=language, now=now)
    if known is None:
        if owner is not None:
            _check_may_join(owner, person)
        _add(user, person, now=now)
    pair = begin_session(user=user, method=Method(person.provider), device=device, now=now)
    return Entrance(user=user, tokens=pair, created=owner is None)


def _owner_of(address: str) -> User | None:
    if not address:
        return None
    people = User.objects.alias(key=Lower("email")).filter(key=Lower(Value(address)))
    return people.select_for_update(no_key=True).first()


def _check_may_join(owner: User, person: Person) -> None:
    """Two unproved halves make no whole: whoever registered with a foreign address would share its owner's account.

    An account with another identity of the provider is not joined either: the address may have changed hands there.
    Nor is one of the staff: a provider proved the address once, and need not be the one who hosts it.
    """
    there = owner.identities.filter(provider=person.provider).first()
    if there is not None and there.subject == person.subject:
        # While we waited for the owner's row.
        raise _Overtaken
    if owner.email_verified and settings.SOCIAL_LINK_BY_EMAIL and there is None and not owner.is_agent:
        return
    raise LinkRequired(_("There is an account with this e-mail address. Sign in to it first, then link this one."))


def _new_customer(person: Person, *, language: str, now: datetime) -> User:
    user = User(
        email=person.email,
        email_verified=bool(person.email),
        name=person.name,
        language=language,
        date_joined=now,
    )
    user.set_unusable_password()
    _save_under_a_free_name(user)
    publish(UserCreated(user=user.as_dict()), by=user, now=now)
    return user


def _save_under_a_free_name(user: User) -> None:
    for username in suggestions(user.name):
        user.username = username
        try:
            with transaction.atomic():
                user.save(force_insert=True)
        except IntegrityError as error:
            if _violated(error) not in _USERNAMES:
                raise _overtaken(error) from None
        else:
            return
    raise _Overtaken


@transaction.atomic
def _link(by: User, person: Person, *, now: datetime) -> tuple[SocialIdentity, bool]:
    user = _lock(by.pk)
    if not user.is_active or user.token_version != by.token_version:
        # Put out while the provider was asked: what was in flight must not bring a way in back.
        raise InvalidToken
    mine = user.identities.filter(provider=person.provider).first()
    if mine is not None and mine.subject == person.subject:
        return mine, False
    if mine is not None:
        raise AlreadyLinked(_("Another account of this provider is linked. Unlink it first."))
    try:
        identity = _add(user, person, now=now)
    except _Overtaken:
        raise IdentityTaken(_("This account of the provider belongs to somebody else here.")) from None
    _believe_address(user, person, now=now)
    return identity, True


def _add(user: User, person: Person, *, now: datetime) -> SocialIdentity:
    """The constraint decides whose it is."""
    try:
        with transaction.atomic():
            identity = SocialIdentity.objects.create(
                user=user, provider=person.provider, subject=person.subject, created_at=now
            )
    except IntegrityError as error:
        raise _overtaken(error) from None
    publish(IdentityLinked(user=user.as_dict(), provider=person.provider), by=user, now=now)
    return identity


def _believe_address(user: User, person: Person, *, now: datetime) -> None:
    """Signed in here, and owner of the account's address there: that proves it as well as a mail would."""
    if user.email_verified or not person.email or person.email.lower() != user.email.lower():
        return
    user.email_verified = True
    user.save(update_fields=["email_verified"])
    publish(EmailVerified(user=user.as_dict()), by=user, now=now)


def _lock(user_id: int) -> User:
    return User.objects.select_for_update(no_key=True).get(pk=user_id)


def _overtaken(error: IntegrityError) -> Exception:
    return _Overtaken() if _violated(error) in _OVERTAKEN else error


def _violated(error: IntegrityError) -> str | None:
    return getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
