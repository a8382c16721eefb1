"""Who is it? Each kind of proof has its way to find out."""

import logging
from collections.abc import Callable, Mapping
from typing import Any, Final

from helpdesk.accounts.social import codes, facebook, id_tokens
from helpdesk.accounts.social.errors import ProofRefused
from helpdesk.accounts.social.people import Person
from helpdesk.accounts.social.providers import SocialProvider, provider

log = logging.getLogger(__name__)

Proof = Mapping[str, str]


def _by_id_token(source: SocialProvider, proof: Proof) -> Person:
    return id_tokens.check(source, proof["id_token"], nonce=proof.get("nonce", ""))


def _by_access_token(source: SocialProvider, proof: Proof) -> Person:
    if not source.graph_url:
        raise ProofRefused("access_token")
    return facebook.check(source, proof["access_token"])


def _by_code(source: SocialProvider, proof: Proof) -> Person:
    answer: dict[str, Any] = codes.redeem(
        source,
        code=proof["code"],
        code_verifier=proof["code_verifier"],
        redirect_uri=proof["redirect_uri"],
    )
    id_token, access_token = answer.get("id_token"), answer.get("access_token")
    if isinstance(id_token, str):
        return id_tokens.check(source, id_token, nonce=proof.get("nonce", ""), by_code=True)
    # Facebook gives an ID token only to who asked for the scope `openid`. A nonce is in nothing else.
    if isinstance(access_token, str) and not proof.get("nonce"):
        return _by_access_token(source, {"access_token": access_token})
    raise ProofRefused("no id_token")


# The member that names the kind of proof, and what finds out by it.
WAYS: Final[dict[str, Callable[[SocialProvider, Proof], Person]]] = {
    "id_token": _by_id_token,
    "code": _by_code,
    "access_token": _by_access_token,
}


def vouch(provider_name: str, proof: Proof) -> Person:
    """Asks the provider, which may take seconds: never inside a transaction."""
    source = provider(provider_name)
    kind = next(kind for kind in WAYS if kind in proof)
    try:
        return WAYS[kind](source, proof)
    except ProofRefused as refusal:
        log.info("a proof of %s was refused: %s: %s", source.name, kind, refusal.why)
        raise
