"""Reads used twice."""

import unicodedata

from django.db.models import BooleanField, ExpressionWrapper, Q, Value
from django.db.models.functions import Lower

from helpdesk.accounts.models import Session, User, UserQuerySet
from helpdesk.accounts.roles import Permission
from helpdesk.accounts.tokens import AccessClaims, InvalidToken, read_access, read_refresh


def active_user(claims: AccessClaims) -> User | None:
    """Whose token it is, if the account is still active and the session has not ended; read anew for every request."""
    return User.objects.filter(
        pk=claims.user_id,
        is_active=True,
        token_version=claims.version,
        sessions__pk=claims.session_id,
        sessions__ended_at=None,
    ).first()


def called(name: str) -> tuple[User | None, User | None]:
    """Who signs in by this username or e-mail address, and whom a guess with it is counted against.

    They differ where a name only looks like somebody's (full-width letters, say): it lets nobody in, and yet buys no
    guesses of its own.
    """
    folded = unicodedata.normalize("NFKC", name)
    by_address = "@" in folded  # which no username contains
    people = User.objects.exclude(email="") if by_address else User.objects.all()
    # Compared as the unique constraints do: a name finds at most one person, and by their index.
    typed = Lower(Value(name))
    found = people.annotate(
        key=Lower("email" if by_address else "username"),
        exact=ExpressionWrapper(Q(key=typed), output_field=BooleanField()),
    ).filter(key__in=[typed, Lower(Value(folded))])
    by_exactness: dict[bool, User] = {user.exact: user for user in found}
    user = by_exactness.get(True)
    return user, user or by_exactness.get(False)


def is_good(token: str) -> bool:
    """Whether the API would take this access or refresh token now; raises `InvalidToken` for what is neither."""
    try:
        return active_user(read_access(token)) is not None
    except InvalidToken:
        claims = read_refresh(token)
    return Session.objects.filter(
        pk=claims.session_id,
        user_id=claims.user_id,
        refresh_id=claims.refresh_id,
        user__is_active=True,
        ended_at=None,
    ).exists()


def managed_by(user: User) -> UserQuerySet:
    """Whose accounts the user manages."""
    people = User.objects.get_queryset()
    return people if user.may(Permission.MANAGE_USERS) else people.none()


def history_seen_by(user: User) -> UserQuerySet:
    """Whose account's history the user may read: the own one, and everybody's who is managed."""
    return managed_by(user) if user.may(Permission.MANAGE_USERS) else User.objects.get_queryset().filter(pk=user.pk)
