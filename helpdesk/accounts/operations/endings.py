"""How sessions end: one, or all of somebody's; each time with a line in the history, in the same transaction."""

from datetime import datetime
from uuid import UUID

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session as CookieSession
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from helpdesk.accounts.enums import Ending
from helpdesk.accounts.events import SessionEnded, SessionsEnded
from helpdesk.accounts.models import Session, User
from helpdesk.accounts.queries import live_sessions
from helpdesk.core.errors import NotFound
from helpdesk.events.operations import publish


class SessionNotFound(NotFound):
    def __init__(self) -> None:
        super().__init__(_("Not found."))


@transaction.atomic
def end_session(session_id: UUID, *, reason: Ending, by: User | None, now: datetime) -> bool:
    """False if it has ended before, or is not there: of many who end it at once, one does."""
    session = (
        Session.objects.select_for_update(of=("self",), no_key=True)
        .select_related("user")
        .filter(pk=session_id, ended_at=None)
        .first()
    )
    if session is None:
        return False
    close(session, reason=reason, by=by, now=now)
    return True


def close(session: Session, *, reason: Ending, by: User | None, now: datetime) -> None:
    """End one that is locked."""
    session.ended_at = now
    session.save(update_fields=["ended_at"])
    told = SessionEnded(user=session.user.as_dict(), session=str(session.pk), reason=str(reason))
    publish(told, by=by, now=now)


def end_own_session(*, by: User, session_id: UUID, now: datetime) -> None:
    own = live_sessions(by, now=now).filter(pk=session_id).exists()
    if not own or not end_session(session_id, reason=Ending.ENDED_BY_USER, by=by, now=now):
        raise SessionNotFound


@transaction.atomic
def sign_out_everywhere(*, by: User, now: datetime) -> None:
    outdate_tokens(by)
    end_sessions(user=by, reason=Ending.SIGNED_OUT, by=by, now=now)


def outdate_tokens(user: User) -> None:
    """Every access token that is about is stale from here on; the row stays locked until the commit."""
    User.objects.filter(pk=user.pk).update(token_version=F("token_version") + 1)
    user.refresh_from_db(fields=["token_version"])


def end_sessions(*, user: User, reason: Ending, now: datetime, by: User | None = None, but: UUID | None = None) -> None:
    """Sign the user out everywhere, or everywhere else: the devices with tokens, and the browsers in the admin.

    Belongs into the transaction of the change that asks for it, which holds the user's row: who is signing in waits.
    """
    others = user.sessions.filter(ended_at=None).exclude(pk__in=[but] if but else [])
    ended = others.update(ended_at=now)
    if ended:
        publish(SessionsEnded(user=user.as_dict(), count=ended, reason=str(reason)), by=by, now=now)
    # A cookie's row does not say in a column whose it is, but only admins have one, and not for long.
    for session in CookieSession.objects.filter(expire_date__gt=now):
        if session.get_decoded().get(SESSION_KEY) == str(user.pk):
            session.delete()
