"""Who may come in with a token: asked anew for every request, refresh and socket."""

from datetime import datetime, timedelta
from typing import Final

from helpdesk.accounts import idleness, tokens
from helpdesk.accounts.enums import Ending
from helpdesk.accounts.models import Session
from helpdesk.accounts.operations.endings import end_session
from helpdesk.accounts.tokens import AccessClaims, InvalidToken, RefreshClaims, SessionIdle
from helpdesk.events.queries import head_column

# Seconds that the clocks of two hosts may differ by.
_SKEW: Final = timedelta(seconds=5)


def admit(claims: AccessClaims, *, now: datetime, using: bool = True) -> Session:
    """The session of an access token, with its user; it was used now. Raises InvalidToken or SessionIdle."""
    session = session_of(claims)
    if session.user.token_version != claims.version:
        raise InvalidToken
    check_standing(session, now=now, using=using)
    return session


def verify(token: str, *, now: datetime) -> None:
    """Raises unless the API would take this access or refresh token now. Being asked about is not being used."""
    try:
        admit(tokens.read_access(token), now=now, using=False)
    except SessionIdle:
        raise
    except InvalidToken:
        claims = tokens.read_refresh(token)
        session = session_of(claims)
        if session.refresh_id != claims.refresh_id:
            raise
        check_standing(session, now=now, using=False)


def session_of(claims: AccessClaims | RefreshClaims) -> Session:
    """With its user, and where the stream of events ended when it was looked up: before any data is."""
    sessions = Session.objects.select_related("user").annotate(head=head_column())  # type: ignore[no-redef]
    session = sessions.filter(pk=claims.session_id, user_id=claims.user_id).first()
    if session is None:
        raise InvalidToken
    return session


def check_standing(session: Session, *, now: datetime, using: bool) -> None:
    """Raises for a session that is over. One that is too old, or was left alone for too long, ends here."""
    if not session.user.is_active:
        raise InvalidToken
    if session.ended_at is not None:
        # The code stays the same, however often one asks.
        raise SessionIdle if idleness.was_idle(session) else InvalidToken
    if session.too_old_at <= now:
        end_session(session.pk, reason=Ending.TOO_OLD, by=None, now=now)
        raise InvalidToken
    sight = idleness.look(session, now=now, using=using)
    timeout = idleness.timeout_of(session.user.role)
    if timeout and now - sight.at >= timeout:
        end_session(session.pk, reason=Ending.IDLE, by=None, now=now)
        raise SessionIdle
    # Also one from the future, by a clock that went wrong.
    if using and not timedelta() <= now - session.last_seen_at + _SKEW < sight.every + _SKEW:
        # Of many requests at once, one writes.
        Session.objects.filter(pk=session.pk, last_seen_at=session.last_seen_at).update(last_seen_at=now)
