"""Everything about JWTs: simplejwt stays behind this module.

An access token names the user, the session and the version of the user's standing; a refresh token also the one id that
its session accepts next. A signed token with odd claims is as bad as an unsigned one.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken, Token

from helpdesk.accounts.models import Session
from helpdesk.core.errors import Unauthenticated
from helpdesk.core.integers import LARGEST_INTEGER


class InvalidToken(Unauthenticated):
    code = "token_not_valid"

    def __init__(self) -> None:
        super().__init__(_("The token is invalid or expired."))


class SessionIdle(InvalidToken):
    """A code of its own, so that a client can show its sign-in page and say why."""

    code = "session_idle"

    def __init__(self) -> None:
        Unauthenticated.__init__(self, _("You were signed out, because nothing was done for a while. Sign in again."))


@dataclass(frozen=True)
class AccessClaims:
    user_id: int
    session_id: UUID
    version: int
    expires_at: datetime


@dataclass(frozen=True)
class RefreshClaims:
    user_id: int
    session_id: UUID
    refresh_id: UUID


def issue(session: Session) -> dict[str, str]:
    """A fresh pair for the session: `{"access", "refresh"}`. Neither outlives it."""
    access, refresh = AccessToken(), RefreshToken()
    for token in (access, refresh):
        token["exp"] = min(token["exp"], int(session.too_old_at.timestamp()))
        token["user_id"] = session.user_id
        token["sid"] = str(session.pk)
    access["ver"] = session.user.token_version
    refresh["jti"] = str(session.refresh_id)
    return {"access": str(access), "refresh": str(refresh)}


def read_access(text: str) -> AccessClaims:
    token = _read(AccessToken, text)
    return AccessClaims(
        user_id=_integer(token, "user_id", least=1),
        session_id=_uuid(token, "sid"),
        version=_integer(token, "ver", least=0),
        expires_at=datetime.fromtimestamp(token["exp"], UTC),
    )


def read_refresh(text: str) -> RefreshClaims:
    token = _read(RefreshToken, text)
    return RefreshClaims(
        user_id=_integer(token, "user_id", least=1), session_id=_uuid(token, "sid"), refresh_id=_uuid(token, "jti")
    )


def _read(kind: type[Token], text: str) -> Token:
    try:
        token = kind(text)  # type: ignore[arg-type]
        _check_frame(token)
    # A signed token may carry any JSON in any claim, and the libraries trip over it in their own ways.
    except (TokenError, ValueError, TypeError, OverflowError, OSError, AttributeError, KeyError):
        raise InvalidToken from None
    return token


def _check_frame(token: Token) -> None:
    """What the libraries let pass: no time of issue, and an audience among others."""
    for claim in ("iat", "exp"):
        _integer(token, claim, least=0)
    if (token.get("iss"), token.get("aud")) != (settings.SIMPLE_JWT["ISSUER"], settings.SIMPLE_JWT["AUDIENCE"]):
        raise InvalidToken


def _integer(token: Token, claim: str, *, least: int) -> int:
    value: Any = token.get(claim)
    # A bool is an int to Python.
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= LARGEST_INTEGER:
        raise InvalidToken
    return value


def _uuid(token: Token, claim: str) -> UUID:
    try:
        return UUID(str(token[claim]))
    except (KeyError, ValueError):
        raise InvalidToken from None
