"""Reads used twice."""

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Value
from django.db.models.functions import Lower

from helpdesk.accounts.models import Session, User, UserQuerySet
from helpdesk.accounts.roles import Permission
from helpdesk.accounts.sealing import opens
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


def person_called(name: str) -> User | None:
    """By username or e-mail address, in any case; active or not."""
    people = User.objects.get_queryset()
    if "@" in name:  # which no username contains
        return people.exclude(email="").alias(key=Lower("email")).filter(key=Lower(Value(name))).first()
    return people.alias(key=Lower("username")).filter(key=Lower(Value(name))).first()


def unreadable_second_factors(*, using: BaseDatabaseWrapper) -> list[str]:
    """Whose app's codes no key of today can check; over a connection of the caller's own."""
    statement = (
        "SELECT username, secret, user_id FROM accounts_totpdevice JOIN accounts_user u ON u.id = user_id ORDER BY 1"
    )
    with using.cursor() as cursor:
        cursor.execute(statement)
        return [username for username, sealed, user_id in cursor.fetchall() if not opens(sealed, user_id=user_id)]


def managed_by(user: User) -> UserQuerySet:
    """Whose accounts the user manages."""
    people = User.objects.get_queryset()
    return people if user.may(Permission.MANAGE_USERS) else people.none()


def history_seen_by(user: User) -> UserQuerySet:
    """Whose account's history the user may read: the own one, and everybody's who is managed."""
    return managed_by(user) if user.may(Permission.MANAGE_USERS) else User.objects.get_queryset().filter(pk=user.pk)
