"""Reads used twice."""

import unicodedata
from collections.abc import Collection
from datetime import datetime, timedelta

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, ExpressionWrapper, Max, Q, QuerySet, Value
from django.db.models.functions import Lower

from helpdesk.accounts import idleness
from helpdesk.accounts.models import Session, User, UserQuerySet
from helpdesk.accounts.roles import Permission
from helpdesk.accounts.sealing import opens


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


def live_sessions(user: User, *, now: datetime) -> QuerySet[Session]:
    """The devices that the user is signed in with, as far as PostgreSQL knows when they were used."""
    sessions = user.sessions.filter(
        ended_at=None,
        refreshed_at__gt=now - settings.SIMPLE_JWT["REFRESH_TOKEN_LIFETIME"],
        created_at__gt=now - timedelta(seconds=settings.SESSION_MAX_AGE),
    )
    timeout = idleness.timeout_of(user.role)
    return sessions.filter(last_seen_at__gt=now - timeout - idleness.lag(timeout)) if timeout else sessions


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


def last_seen(user_ids: Collection[int]) -> dict[int, datetime]:
    """When each of them last used a session, to the minute; who never did is left out."""
    seen = Session.objects.filter(user__in=user_ids).values("user").annotate(at=Max("last_seen_at"))
    return dict(seen.values_list("user", "at"))
