"""ID tokens of OpenID Connect: what a provider signed about somebody, for one of our clients, just now."""

from typing import Any, Final

import jwt
from django.conf import settings

from helpdesk.accounts.social.errors import ProofRefused
from helpdesk.accounts.social.jwks import key_set
from helpdesk.accounts.social.people import Person, person
from helpdesk.accounts.social.providers import SocialProvider

LEEWAY: Final = 30  # seconds that two clocks may differ by
NEEDED: Final = ["iss", "aud", "sub", "iat", "exp"]


def check(provider: SocialProvider, token: str, *, nonce: str, by_code: bool = False) -> Person:
    """`by_code`: the provider gave it to us alone, so that it needs no nonce. One that is given counts all the same."""
    claims = _signed(provider, token)
    _check_audience(provider, claims)
    _check_nonce(claims.get("nonce"), nonce, by_code=by_code)
    return person(
        provider.name,
        subject=claims["sub"],
        email=claims.get("email"),
        email_verified=claims.get("email_verified"),
        name=claims.get("name"),
    )


def _signed(provider: SocialProvider, token: str) -> dict[str, Any]:
    try:
        kid = jwt.get_unverified_header(token).get("kid")
        key = key_set(provider.jwks_url).find(kid) if isinstance(kid, str) else None
        if key is None:
            raise ProofRefused("kid")
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=provider.algorithms,
            audience=provider.client_ids,
            issuer=provider.issuers,
            leeway=LEEWAY,
            options={"require": NEEDED, "enforce_minimum_key_length": True},
        )
    # A signed token may carry any JSON in any claim, and the library trips over it in its own ways.
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError, AttributeError, RecursionError) as error:
        raise ProofRefused(type(error).__name__) from None
    return claims


def _check_audience(provider: SocialProvider, claims: dict[str, Any]) -> None:
    """A list must be ours as a whole; of several, `azp` says which one it was made for."""
    audience, party = claims["aud"], claims.get("azp")
    if isinstance(audience, str):
        return
    if not set(audience) <= set(provider.client_ids):
        raise ProofRefused("aud")
    if (party is not None or len(audience) > 1) and party not in provider.client_ids:
        raise ProofRefused("azp")


def _check_nonce(theirs: Any, ours: str, *, by_code: bool) -> None:
    """A token with a nonce belongs to whoever chose it: without it, it may have been picked up on the way."""
    needed = not by_code and (theirs is not None or settings.SOCIAL_NONCE == "always")
    if not ours and not needed:
        return
    if not ours or theirs != ours:
        raise ProofRefused("nonce")
