"""Facebook's access tokens: opaque, so Facebook is asked whose they are, and for which app."""

import hashlib
import hmac
import logging
import time
from http import HTTPStatus
from typing import Any, Final

from helpdesk.accounts.social import http
from helpdesk.accounts.social.errors import ProofRefused, ProviderDown
from helpdesk.accounts.social.people import Person, person
from helpdesk.accounts.social.providers import SocialProvider

log = logging.getLogger(__name__)

# What the person must have let our app know.
NEEDED_SCOPE: Final = "public_profile"


def check(provider: SocialProvider, token: str) -> Person:
    """Facebook does not say whether an address is verified, so none is taken from it."""
    if not provider.client_secret:
        # Nobody could ask, and it is not the client's fault.
        log.error("%s has no secret set, so access tokens cannot be checked", provider.name)
        raise ProviderDown
    user_id = _user_of(provider, token)
    profile = _ask(
        provider,
        "/me",
        params={"fields": "id,name,email", "access_token": token, "appsecret_proof": _proof(provider, token)},
    )
    if profile.get("id") != user_id:
        raise ProofRefused("user_id")
    return person(
        provider.name, subject=user_id, email=profile.get("email"), email_verified=None, name=profile.get("name")
    )


def _user_of(provider: SocialProvider, token: str) -> str:
    """A good token of another app is a stolen one."""
    ours = f"{provider.client_ids[0]}|{provider.client_secret}"
    answer = _ask(provider, "/debug_token", params={"input_token": token, "access_token": ours})
    data = answer.get("data")
    if not isinstance(data, dict) or data.get("is_valid") is not True:
        raise ProofRefused("is_valid")
    if str(data.get("app_id")) not in provider.client_ids:
        raise ProofRefused("app_id")
    # A page or another app has tokens too. Older versions of Graph do not say.
    if data.get("type", "USER") != "USER":
        raise ProofRefused("type")
    if _is_past(data.get("expires_at")) or _is_past(data.get("data_access_expires_at", 0)):
        raise ProofRefused("expires_at")
    scopes = data.get("scopes")
    if not isinstance(scopes, list) or NEEDED_SCOPE not in scopes:
        raise ProofRefused("scopes")
    if not isinstance(data.get("user_id"), str):
        raise ProofRefused("user_id")
    user_id: str = data["user_id"]
    return user_id


def _is_past(value: Any) -> bool:
    """0 is never; what is no time is one that has passed."""
    if not isinstance(value, int) or isinstance(value, bool):
        return True
    return value != 0 and value <= time.time()


def _ask(provider: SocialProvider, path: str, *, params: dict[str, str]) -> dict[str, Any]:
    status, body = http.ask("GET", provider.graph_url + path, params=params)
    if status != HTTPStatus.OK:
        raise ProofRefused(path)
    return body


def _proof(provider: SocialProvider, token: str) -> str:
    """Shows that who asks has the app's secret, and not only a token that was picked up."""
    return hmac.new(provider.client_secret.encode(), token.encode(), hashlib.sha256).hexdigest()
