"""Tickets that open one socket, for clients that can neither send a header nor want a token in an address."""

from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from helpdesk.accounts.enums import Purpose
from helpdesk.accounts.models import User
from helpdesk.accounts.operations import one_time_tokens
from helpdesk.accounts.tokens import AccessClaims, InvalidToken


def issue_ticket(*, by: User, claims: AccessClaims, now: datetime) -> dict[str, Any]:
    """Stands for the access token that asks for it: the socket lives no longer.

    What the table has no column for stands in the ticket itself. Only the digest of the whole is good, so nobody
    changes a part of it.
    """
    session = by.sessions.get(pk=claims.session_id)
    suffix = f".{claims.version}.{int(claims.expires_at.timestamp())}"
    ticket = one_time_tokens.mint(user=by, purpose=Purpose.SOCKET, now=now, session=session, suffix=suffix)
    return {"ticket": ticket, "expires_in": int(one_time_tokens.LIFETIMES[Purpose.SOCKET].total_seconds())}


def spend_ticket(ticket: str, *, now: datetime) -> AccessClaims:
    """What the access token said; whether that still holds is asked like with the token itself."""
    with transaction.atomic():
        token = one_time_tokens.spend(ticket, purpose=Purpose.SOCKET, now=now)
    if token is None or token.session_id is None:
        raise InvalidToken
    _secret, version, expires_at = ticket.rsplit(".", 2)
    claims = AccessClaims(
        user_id=token.user_id,
        session_id=token.session_id,
        version=int(version),
        expires_at=datetime.fromtimestamp(int(expires_at), UTC),
    )
    if claims.expires_at <= now:
        raise InvalidToken
    return claims
