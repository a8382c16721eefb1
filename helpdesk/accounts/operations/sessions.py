"""Signing in, and staying signed in."""

import uuid
from datetime import datetime

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session as CookieSession
from django.db import transaction

from helpdesk.accounts import tokens
from helpdesk.accounts.devices import NOWHERE, USER_AGENT_LENGTH, Device
from helpdesk.accounts.enums import Method
from helpdesk.accounts.events import SignedIn
from helpdesk.accounts.models import Session, User
from helpdesk.accounts.operations import credentials
from helpdesk.events.operations import publish


def sign_in(*, username: str, password: str, device: Device = NOWHERE, now: datetime) -> dict[str, str]:
    user = credentials.check(username=username, password=password, device=device, now=now)
    return begin_session(user=user, method=Method.PASSWORD, device=device, now=now)


@transaction.atomic
def begin_session(*, user: User, method: Method, device: Device, now: datetime) -> dict[str, str]:
    """For somebody who has shown who they are: a fresh pair, and a line in the history."""
    # Sessions whose last refresh token has expired are of no use to anybody; here they stay few without a timetable.
    user.sessions.filter(refreshed_at__lt=now - settings.SIMPLE_JWT["REFRESH_TOKEN_LIFETIME"]).delete()
    session = Session.objects.create(
        user=user,
        method=method,
        address=device.address or None,
        user_agent=device.user_agent[:USER_AGENT_LENGTH],
        created_at=now,
        refreshed_at=now,
        last_seen_at=now,
    )
    told = SignedIn(user=user.as_dict(), device=device.as_dict(), session=str(session.pk), method=str(method))
    publish(told, by=user, now=now)
    return tokens.issue(session)


def refresh(*, refresh_token: str, now: datetime) -> dict[str, str]:
    """Spend the token for a new pair. One that was spent before ends its session: two people hold it."""
    claims = tokens.read_refresh(refresh_token)
    pair = _rotate(claims, now=now)
    if pair is None:
        raise tokens.InvalidToken
    return pair


@transaction.atomic
def _rotate(claims: tokens.RefreshClaims, *, now: datetime) -> dict[str, str] | None:
    # Returns instead of raising: ending the session must commit. The row lock makes parallel refreshes queue up.
    session = (
        Session.objects.select_for_update(of=("self",))
        .select_related("user")
        .filter(pk=claims.session_id, user_id=claims.user_id, user__is_active=True, ended_at=None)
        .first()
    )
    if session is None:
        return None
    if session.refresh_id != claims.refresh_id:
        session.ended_at = now
        session.save(update_fields=["ended_at"])
        return None
    session.refresh_id, session.refreshed_at = uuid.uuid4(), now
    session.save(update_fields=["refresh_id", "refreshed_at"])
    return tokens.issue(session)


def end_sessions(*, user: User, now: datetime) -> None:
    """Sign the user out everywhere: the devices with tokens, and the browsers in the admin."""
    user.sessions.filter(ended_at=None).update(ended_at=now)
    # A cookie's row does not say in a column whose it is, but only admins have one, and not for long.
    for session in CookieSession.objects.filter(expire_date__gt=now):
        if session.get_decoded().get(SESSION_KEY) == str(user.pk):
            session.delete()


def forget_expired_cookies(*, now: datetime) -> None:
    """Here they stay few without a timetable."""
    CookieSession.objects.filter(expire_date__lt=now).delete()
