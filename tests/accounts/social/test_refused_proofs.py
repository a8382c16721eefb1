"""Proofs that prove nothing: each is refused in the same words, and makes no account, no identity and no session."""

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization

from tests.accounts.social.doors import VERIFIER, by_code, code_of, enter
from tests.servers.identity_provider import APP, PHONE, WEB, IdentityProvider, Key

OTHER = Key.make("other")
# Another key under the name of the right one.
IMPOSTOR = Key("first", OTHER.private)

# Two audiences that are both ours.
OURS = {"google": [WEB, PHONE], "facebook": [APP, APP]}

Forge = Callable[[IdentityProvider, str], str]


def unsigned(provider: IdentityProvider, name: str) -> str:
    return jwt.encode(provider.claims(name), None, algorithm="none", headers={"kid": "first"})


def signed_with_the_public_key(provider: IdentityProvider, name: str) -> str:
    """The public half as a shared secret. By hand: the library refuses to."""
    import hashlib
    import hmac

    public = provider.keys[0].private.public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    parts = [{"alg": "HS256", "kid": "first", "typ": "JWT"}, provider.claims(name)]
    text = ".".join(encoded(json.dumps(part).encode()) for part in parts)
    return f"{text}.{encoded(hmac.new(pem, text.encode(), hashlib.sha256).digest())}"


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def tampered(provider: IdentityProvider, name: str) -> str:
    head, _payload, signature = provider.id_token(name).split(".")
    return f"{head}.{encoded(json.dumps(provider.claims(name, sub='7')).encode())}.{signature}"


def without_kid(provider: IdentityProvider, name: str) -> str:
    payload = json.dumps(provider.claims(name)).encode()
    return jwt.api_jws.encode(payload, provider.keys[0].private, "RS256")


def with_a_key_of_its_own(provider: IdentityProvider, name: str) -> str:
    payload = json.dumps(provider.claims(name)).encode()
    header = {"kid": "other", "jwk": OTHER.public, "jku": "http://127.0.0.1:1/jwks"}
    return jwt.api_jws.encode(payload, OTHER.private, "RS256", headers=header)


def by_an_algorithm_that_is_not_the_providers(provider: IdentityProvider, name: str) -> str:
    elliptic = Key.make_elliptic("elliptic")
    provider.keys.insert(0, elliptic)
    return provider.id_token(name, key=elliptic)


def nested(provider: IdentityProvider, name: str) -> str:
    payload = b'{"sub": ' + b"[" * 1500 + b"]" * 1500 + b"}"
    return jwt.api_jws.encode(payload, provider.keys[0].private, "RS256", headers={"kid": "first"})


def claiming(**change: Any) -> Forge:
    return lambda provider, name: provider.id_token(name, **change)


def issued(ago: float, *, lasting: float = 3600) -> Forge:
    return lambda provider, name: provider.id_token(
        name, iat=int(time.time() - ago), exp=int(time.time() - ago + lasting)
    )


FORGED: dict[str, Forge] = {
    "signed with another key": lambda p, name: p.id_token(name, key=IMPOSTOR),
    "an unknown kid": lambda p, name: p.id_token(name, key=OTHER),
    "no kid": without_kid,
    "a key that it brings along": with_a_key_of_its_own,
    "not signed": unsigned,
    "HS256 with the public key": signed_with_the_public_key,
    "another algorithm": by_an_algorithm_that_is_not_the_providers,
    "tampered with": tampered,
    "cut off": lambda p, name: p.id_token(name)[:-20],
    "no token": lambda _p, _name: "hello",
    "two dots": lambda _p, _name: "..",
    "for another app": claiming(aud="somebody.else.example"),
    "for another app among ours": claiming(aud=[WEB, APP, "somebody.else.example"], azp=WEB),
    "for two, and nobody says for which": lambda p, name: p.id_token(name, aud=OURS[name]),
    "for two, and made for a third": lambda p, name: p.id_token(name, aud=OURS[name], azp="somebody.else.example"),
    "for two, and oddly made": lambda p, name: p.id_token(name, aud=OURS[name], azp=[WEB, APP]),
    "for one in a list, and made for another": lambda p, name: p.id_token(name, aud=OURS[name][:1], azp="else"),
    "for nobody": claiming(without="aud"),
    "for an empty list": claiming(aud=[]),
    "for what is no client": claiming(aud={"a": 1}),
    "of another issuer": claiming(iss="https://accounts.google.com.example.org"),
    "of no issuer": claiming(without="iss"),
    "of an odd issuer": claiming(iss=["https://accounts.google.com"]),
    "expired": issued(7200),
    "just expired": issued(3640),
    "without end": claiming(without="exp"),
    "with an odd end": claiming(exp="soon"),
    "from the future": issued(-600),
    "of no time": claiming(without="iat"),
    "not yet": claiming(nbf=int(time.time()) + 6000),
    "without subject": claiming(without="sub"),
    "with an empty subject": claiming(sub=""),
    "with a number for a subject": claiming(sub=7),
    "with a subject that is too long": claiming(sub="7" * 256),
    "with a subject that cannot be stored": claiming(sub="7\u0000"),
    "with a nonce that nobody sent": claiming(nonce="n-1"),
    "nested": nested,
}


@pytest.mark.parametrize("provider", ["google", "facebook"])
@pytest.mark.parametrize("forgery", FORGED)
def test_a_bad_id_token_opens_nothing(
    identity_provider: IdentityProvider, nothing: Any, provider: str, forgery: str
) -> None:
    token = FORGED[forgery](identity_provider, provider)
    before = nothing()

    response = enter(provider, id_token=token)

    assert code_of(response) == (401, "social_token_not_valid")
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert before.happened()


@pytest.mark.parametrize("nonce", ["n-2", "N-1", "n-1 ", "ñ"])
@pytest.mark.parametrize("theirs", [{"nonce": "n-1"}, {}, {"nonce": 1}, {"nonce": "\ud800"}], ids=str)
def test_another_nonce_opens_nothing(
    identity_provider: IdentityProvider, nothing: Any, nonce: str, theirs: dict[str, Any]
) -> None:
    before = nothing()
    for provider in ("google", "facebook"):
        response = enter(provider, id_token=identity_provider.id_token(provider, **theirs), nonce=nonce)
        assert code_of(response) == (401, "social_token_not_valid")
    assert before.happened()


def test_one_providers_token_is_not_anothers(identity_provider: IdentityProvider, nothing: Any) -> None:
    before = nothing()
    assert enter("facebook", id_token=identity_provider.id_token("google")).status_code == 401
    assert enter("google", id_token=identity_provider.id_token("facebook")).status_code == 401
    assert before.happened()


def test_the_forgery_is_the_only_fault(db: None, identity_provider: IdentityProvider) -> None:
    """Or the refusals would prove nothing."""
    for provider in ("google", "facebook"):
        assert enter(provider, id_token=identity_provider.id_token(provider)).status_code == 201


# --- codes -----------------------------------------------------------------------------------------------------------


def spent(provider: IdentityProvider, name: str) -> dict[str, Any]:
    body = by_code(provider.code(VERIFIER, name))
    provider.codes.clear()
    return body


BAD_CODES: dict[str, Callable[[IdentityProvider, str], dict[str, Any]]] = {
    "another verifier": lambda p, name: by_code(p.code(VERIFIER, name), code_verifier="x" * 43),
    "a verifier in another case": lambda p, name: by_code(p.code(VERIFIER, name), code_verifier=VERIFIER.upper()),
    "a code that was used": spent,
    "a code that nobody gave": lambda _p, _name: by_code("4/nobody"),
    "an odd code": lambda _p, _name: by_code("\u202e&client_id=x\r\n"),
    **{
        f"a good code for a token: {name}": lambda p, provider, change=change: by_code(
            p.code(VERIFIER, provider, **change)
        )
        for name, change in {
            "for another app": {"aud": "somebody.else.example"},
            "of another issuer": {"iss": "https://example.org"},
            "expired": {"exp": int(time.time()) - 600},
            "signed with another key": {"key": IMPOSTOR},
            "without subject": {"without": "sub"},
        }.items()
    },
}


@pytest.mark.parametrize("provider", ["google", "facebook"])
@pytest.mark.parametrize("case", BAD_CODES)
def test_a_bad_code_opens_nothing(identity_provider: IdentityProvider, nothing: Any, provider: str, case: str) -> None:
    body = BAD_CODES[case](identity_provider, provider)
    before = nothing()

    assert code_of(enter(provider, **body)) == (401, "social_token_not_valid")
    assert before.happened()


def test_a_code_is_good_once(db: None, identity_provider: IdentityProvider) -> None:
    body = by_code(identity_provider.code(VERIFIER))
    assert [enter("google", **body).status_code for _ in range(2)] == [201, 401]


def test_an_answer_without_tokens_is_refused(identity_provider: IdentityProvider, nothing: Any) -> None:
    before = nothing()
    for provider in ("google", "facebook"):
        for answer in ({}, {"id_token": 7}, {"access_token": None}, {"access_token": "opaque"}):
            code = identity_provider.code(VERIFIER, provider)
            identity_provider.codes[code].answer = answer
            assert code_of(enter(provider, **by_code(code))) == (401, "social_token_not_valid")
    assert before.happened()


@pytest.mark.parametrize(
    "uri",
    [
        "https://evil.example.com/signed-in",
        "https://app.example.com/signed-in/",
        "https://app.example.com/signed-in?next=//evil.example.com",
        "https://app.example.com:443/signed-in",
        "HTTPS://APP.EXAMPLE.COM/signed-in",
        "https://app.example.com/",
        "javascript:alert(1)",
    ],
)
def test_a_code_that_went_elsewhere_is_not_even_redeemed(
    identity_provider: IdentityProvider, nothing: Any, uri: str
) -> None:
    before = nothing()
    for provider in ("google", "facebook"):
        response = enter(provider, **by_code(identity_provider.code(VERIFIER, provider), redirect_uri=uri))
        assert response.status_code == 400
        assert [(e["field"], e["code"]) for e in response.json()["errors"]] == [("redirect_uri", "not_allowed")]
    assert identity_provider.asked == []
    assert before.happened()


# --- Facebook's access tokens ----------------------------------------------------------------------------------------


def of_another(provider: IdentityProvider) -> str:
    token = provider.access_token()
    provider.profiles[token] = {"id": "somebody else"}
    return token


BAD_ACCESS_TOKENS: dict[str, Callable[[IdentityProvider], str]] = {
    "nobody's": lambda _p: "EAABnobody",
    "of another app": lambda p: p.access_token(app_id="999"),
    "of no app": lambda p: p.access_token(app_id=None),
    "not valid": lambda p: p.access_token(is_valid=False),
    "valid in another sense": lambda p: p.access_token(is_valid="false"),
    "expired": lambda p: p.access_token(expires_at=int(time.time()) - 1),
    "whose access to data is over": lambda p: p.access_token(data_access_expires_at=int(time.time()) - 1),
    "with an odd end": lambda p: p.access_token(expires_at="never"),
    "of a page": lambda p: p.access_token(type="PAGE"),
    "of an app": lambda p: p.access_token(type="APP"),
    "without the profile": lambda p: p.access_token(scopes=["email"]),
    "without scopes": lambda p: p.access_token(scopes=None),
    "without a user": lambda p: p.access_token(user_id=None),
    "with a number for a user": lambda p: p.access_token(user_id=7),
    "whose profile is another's": of_another,
    "an ID token": lambda p: p.id_token("facebook"),
    "an app's own": lambda _p: f"{APP}|secret",
    "with something to add": lambda p: p.access_token() + "&access_token=x",
}


@pytest.mark.parametrize("case", BAD_ACCESS_TOKENS)
def test_a_bad_access_token_opens_nothing(identity_provider: IdentityProvider, nothing: Any, case: str) -> None:
    token = BAD_ACCESS_TOKENS[case](identity_provider)
    before = nothing()

    assert code_of(enter("facebook", access_token=token)) == (401, "social_token_not_valid")
    assert before.happened()


def test_graph_wants_the_proof_of_the_secret(identity_provider: IdentityProvider, nothing: Any, settings: Any) -> None:
    """Another secret makes another `appsecret_proof`, and no app token: Facebook refuses both."""
    token = identity_provider.access_token()
    before = nothing()
    facebook = {**settings.SOCIAL_PROVIDERS["facebook"], "client_secret": "another"}
    settings.SOCIAL_PROVIDERS = {**settings.SOCIAL_PROVIDERS, "facebook": facebook}
    assert enter("facebook", access_token=token).status_code == 401

    # Where only the proof is wrong.
    from helpdesk.accounts.social import facebook as module
    from helpdesk.accounts.social.errors import ProofRefused
    from helpdesk.accounts.social.providers import provider

    with pytest.raises(ProofRefused):
        module._ask(
            provider("facebook"),
            "/me",
            params={
                "fields": "id",
                "access_token": token,
                "appsecret_proof": module._proof(provider("facebook"), token),
            },
        )
    assert before.happened()


# --- bodies ----------------------------------------------------------------------------------------------------------

CODE = {"code": "c", "code_verifier": VERIFIER, "redirect_uri": "https://app.example.com/signed-in"}
BAD_BODIES: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["id_token"]),
    ({"nonce": "x"}, ["id_token"]),
    ({"id_token": ""}, ["id_token"]),
    ({"id_token": None}, ["id_token"]),
    ({"id_token": 7}, ["id_token"]),
    ({"id_token": "x" * 8193}, ["id_token"]),
    ({"id_token": "x", **CODE}, ["code"]),
    ({"code": "x"}, ["code_verifier", "redirect_uri"]),
    ({"code": "x", "code_verifier": VERIFIER}, ["redirect_uri"]),
    ({"code": "x", "redirect_uri": "https://app.example.com/signed-in"}, ["code_verifier"]),
    ({**CODE, "code_verifier": "x" * 42}, ["code_verifier"]),
    ({**CODE, "code_verifier": "x" * 129}, ["code_verifier"]),
    ({**CODE, "code_verifier": "ñ" * 43}, ["code_verifier"]),
]


@pytest.mark.parametrize(("body", "fields"), BAD_BODIES, ids=str)
def test_what_is_no_proof_is_400(
    identity_provider: IdentityProvider, nothing: Any, body: Any, fields: list[str]
) -> None:
    before = nothing()
    for provider in ("google", "facebook"):
        response = enter(provider, **body)
        assert response.status_code == 400
        assert [error["field"] for error in response.json()["errors"]] == fields
    assert identity_provider.asked == []
    assert before.happened()


def test_only_facebook_takes_access_tokens(identity_provider: IdentityProvider, nothing: Any) -> None:
    before = nothing()
    response = enter("google", access_token=identity_provider.access_token())
    assert [error["field"] for error in response.json()["errors"]] == ["id_token"]
    response = enter("facebook", access_token="x", id_token="y")
    assert [error["field"] for error in response.json()["errors"]] == ["access_token"]
    assert before.happened()
