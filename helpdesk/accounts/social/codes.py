"""Authorization codes with PKCE: the provider trades one for tokens, once, and only with the verifier."""

import logging
from http import HTTPStatus
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from helpdesk.accounts.social import http
from helpdesk.accounts.social.errors import ProofRefused, ProviderDown
from helpdesk.accounts.social.providers import SocialProvider
from helpdesk.core.errors import FieldError, Invalid

log = logging.getLogger(__name__)

# Errors of RFC 6749 that no client can cure: our id or our secret is wrong.
OURS: Final = frozenset({"invalid_client", "unauthorized_client", "unsupported_grant_type"})


class RedirectRefused(Invalid):
    """Where the code went is none of our places."""


def redeem(provider: SocialProvider, *, code: str, code_verifier: str, redirect_uri: str) -> dict[str, Any]:
    """The provider's answer, with the tokens in it."""
    if redirect_uri not in provider.redirect_uris:
        sentence = _("This is no address of ours.")
        raise RedirectRefused(_("Some fields are wrong."), errors=[FieldError("redirect_uri", "not_allowed", sentence)])
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "code_verifier": code_verifier,
        "redirect_uri": redirect_uri,
        "client_id": provider.client_ids[0],
    }
    if provider.client_secret:
        form["client_secret"] = provider.client_secret
    # In the body: an address ends up in logs.
    status, body = http.ask("POST", provider.token_url, data=form)
    if status == HTTPStatus.OK:
        return body
    error = body.get("error")
    if isinstance(error, str) and error in OURS:
        log.error("%s does not know our client id or secret: %s", provider.name, error)
        raise ProviderDown
    raise ProofRefused("code")
