"""Signing in, staying signed in, and signing out."""

import uuid
from collections import Counter
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.sessions.models import Session as CookieSession
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from helpdesk.accounts import tokens
from helpdesk.accounts.devices import NOWHERE, USER_AGENT_LENGTH, Device
from helpdesk.accounts.enums import Ending, Method
from helpdesk.accounts.events import SessionsEnded, SignedIn
from helpdesk.accounts.models import Session, User
from helpdesk.accounts.operations import credentials
from helpdesk.accounts.operations.admission import check_standing, session_of
from helpdesk.accounts.operations.credentials import NoActiveAccount
from helpdesk.accounts.operations.endings import close
from helpdesk.events.operations import publish


def sign_in(*, username: str, password: str, device: Device = NOWHERE, now: datetime) -> dict[str, str]:
    user = credentials.check(username=username, password=password, device=device, now=now)
    return begin_session(user=user, method=Method.PASSWORD, device=device, now=now)


@transaction.atomic
def begin_session(*, user: User, method: Method, device: Device, now: datetime) -> dict[str, str]:
    """For somebody who has shown who they are: a fresh pair, and a line in the history."""
    # Who changes a password or deactivates somebody holds this row: no session slips in behind their back.
    present = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if not present.is_active or present.password != user.password:
        raise NoActiveAccount(_("No active account with these credentials."))
    _sweep(present, now=now)
    session = Session.objects.create(
        user=present,
        method=method,
        address=device.address or None,
        user_agent=device.user_agent[:USER_AGENT_LENGTH],
        created_at=now,
        refreshed_at=now,
        last_seen_at=now,
    )
    told = SignedIn(user=present.as_dict(), device=device.as_dict(), session=str(session.pk), method=str(method))
    publish(told, by=present, now=now)
    return tokens.issue(session)


def _sweep(user: User, *, now: datetime) -> None:
    """Sessions that no token opens any more are of no use to anybody; here they stay few without a timetable."""
    expired = Q(refreshed_at__lt=now - settings.SIMPLE_JWT["REFRESH_TOKEN_LIFETIME"])
    too_old = Q(created_at__lte=now - timedelta(seconds=settings.SESSION_MAX_AGE))
    dead = list(user.sessions.filter(expired | too_old))
    if not dead:
        return
    unseen = [session for session in dead if session.ended_at is None]
    reasons = Counter(Ending.TOO_OLD if session.too_old_at <= now else Ending.EXPIRED for session in unseen)
    for reason, count in reasons.items():
        publish(SessionsEnded(user=user.as_dict(), count=count, reason=str(reason)), by=None, now=now)
    user.sessions.filter(pk__in=[session.pk for session in dead]).delete()


def refresh(*, refresh_token: str, now: datetime) -> dict[str, str]:
    """Spend the token for a new pair. One that was spent before ends its session: two people hold it."""
    claims = tokens.read_refresh(refresh_token)
    check_standing(session_of(claims), now=now, using=True)
    pair = _rotate(claims, now=now)
    if pair is None:
        raise tokens.InvalidToken
    return pair


@transaction.atomic
def _rotate(claims: tokens.RefreshClaims, *, now: datetime) -> dict[str, str] | None:
    # Returns instead of raising: ending the session must commit. The row lock makes parallel refreshes queue up.
    session = (
        Session.objects.select_for_update(of=("self",), no_key=True)
        .select_related("user")
        .filter(pk=claims.session_id, user_id=claims.user_id, user__is_active=True, ended_at=None)
        .first()
    )
    if session is None:
        return None
    if session.refresh_id != claims.refresh_id:
        close(session, reason=Ending.REFRESH_REUSED, by=None, now=now)
        return None
    session.refresh_id, session.refreshed_at, session.last_seen_at = uuid.uuid4(), now, now
    session.save(update_fields=["refresh_id", "refreshed_at", "last_seen_at"])
    return tokens.issue(session)


@transaction.atomic
def sign_out(*, refresh_token: str, now: datetime) -> None:
    """End the session of the token, if it has not ended; to ask twice does no harm."""
    claims = tokens.read_refresh(refresh_token)
    session = (
        Session.objects.select_for_update(of=("self",), no_key=True)
        .select_related("user")
        .filter(pk=claims.session_id, user_id=claims.user_id, ended_at=None)
        .first()
    )
    if session is not None:
        spent = session.refresh_id != claims.refresh_id
        reason = Ending.REFRESH_REUSED if spent else Ending.SIGNED_OUT
        close(session, reason=reason, by=None if spent else session.user, now=now)


def forget_expired_cookies(*, now: datetime) -> None:
    """Here they stay few without a timetable."""
    CookieSession.objects.filter(expire_date__lt=now).delete()
