"""Reads used twice."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet

from helpdesk.accounts import idleness
from helpdesk.accounts.models import Session, User, UserQuerySet
from helpdesk.accounts.roles import Permission


def live_sessions(user: User, *, now: datetime) -> QuerySet[Session]:
    """The devices that the user is signed in with, as far as PostgreSQL knows when they were used."""
    sessions = user.sessions.filter(
        ended_at=None,
        refreshed_at__gt=now - settings.SIMPLE_JWT["REFRESH_TOKEN_LIFETIME"],
        created_at__gt=now - timedelta(seconds=settings.SESSION_MAX_AGE),
    )
    timeout = idleness.timeout_of(user.role)
    return sessions.filter(last_seen_at__gt=now - timeout - idleness.lag(timeout)) if timeout else sessions


def managed_by(user: User) -> UserQuerySet:
    """Whose accounts the user manages."""
    people = User.objects.get_queryset()
    return people if user.may(Permission.MANAGE_USERS) else people.none()


def history_seen_by(user: User) -> UserQuerySet:
    """Whose account's history the user may read: the own one, and everybody's who is managed."""
    return managed_by(user) if user.may(Permission.MANAGE_USERS) else User.objects.get_queryset().filter(pk=user.pk)
