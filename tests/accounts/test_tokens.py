"""Tokens that are odd in one way or another: all of them 401, none of them 500."""

import base64
import hmac
import json
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.utils import timezone
from rest_framework.test import APIClient

from helpdesk.accounts.models import Session, User
from helpdesk.accounts.operations import sessions
from tests.people import PASSWORD, UserFactory

Api = Callable[[Any], Any]

NESTED: Any = json.loads("[" * 500 + "]" * 500)


class Forge:
    """Signs whatever it is told, with our key or another."""

    def __init__(self, settings: Any) -> None:
        self.key = settings.SECRET_KEY
        self.user = UserFactory()
        self.session = Session.objects.create(user=self.user)

    def claims(self, kind: str) -> dict[str, Any]:
        now = int(time.time())
        return {
            "token_type": kind,
            "exp": now + 3000,
            "iat": now,
            "jti": str(self.session.refresh_id),
            "user_id": self.user.pk,
            "sid": str(self.session.pk),
            "ver": self.user.token_version,
            "iss": "helpdesk",
            "aud": "helpdesk-api",
        }

    def token(self, kind: str, change: dict[str, Any] | None = None, *, without: str = "", **how: Any) -> str:
        claims = self.claims(kind) | (change or {})
        claims.pop(without, None)
        # Not by jwt.encode(claims): it refuses to sign the odd ones.
        return jwt.api_jws.encode(json.dumps(claims).encode(), how.get("key", self.key), how.get("algorithm", "HS256"))


@pytest.fixture
def forge(db: None, settings: Any) -> Forge:
    return Forge(settings)


def ways_in(token: str) -> dict[str, int]:
    """What each door says to it."""
    client = APIClient(HTTP_AUTHORIZATION=f"Bearer {token}")
    return {
        "access": client.get("/api/users/me/").status_code,
        "verify": APIClient().post("/api/auth/token/verify/", {"token": token}).status_code,
        # Last, since it spends the token.
        "refresh": APIClient().post("/api/auth/token/refresh/", {"refresh": token}).status_code,
    }


def test_the_forge_makes_good_tokens(forge: Forge) -> None:
    """Or the refusals below would prove nothing."""
    assert ways_in(forge.token("access")) == {"access": 200, "refresh": 401, "verify": 200}
    assert ways_in(forge.token("refresh")) == {"access": 401, "refresh": 200, "verify": 200}


ODD_USERS: list[Any] = [
    "1",
    [1],
    {"a": 1},
    True,
    False,
    None,
    "",
    "me",
    "1.0",
    "٣",
    0,
    -1,
    1.5,
    2**63,
    10**30,
    "9" * 40,
    NESTED,
]
UNKNOWN = "5c1f0c7e-41d5-4b0a-9d3e-0d8f6a2b7c10"
ODD_SESSIONS: list[Any] = [None, "", "x", 7, [1], {"a": 1}, True, UNKNOWN, 10**400, "\x00", NESTED]
ODD_TIMES: list[Any] = [[1], {"a": 1}, None, "", "soon", "9" * 30, 10**18, 10**400, -1, -(10**18), True, NESTED]


@pytest.mark.parametrize("kind", ["access", "refresh"])
@pytest.mark.parametrize(
    ("claim", "value"),
    [
        *(("user_id", value) for value in ODD_USERS),
        *(("sid", value) for value in ODD_SESSIONS),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_signed_token_of_nobody_opens_nothing(forge: Forge, kind: str, claim: str, value: Any) -> None:
    answers = ways_in(forge.token(kind, {claim: value}))
    assert (answers["access"], answers["refresh"]) == (401, 401)
    assert answers["verify"] in {200, 401}


@pytest.mark.parametrize("kind", ["access", "refresh"])
@pytest.mark.parametrize(
    ("claim", "value"),
    [
        *(("exp", value) for value in ODD_TIMES),
        *(("iat", value) for value in ODD_TIMES if value not in (-1, -(10**18), True)),
        *(("nbf", value) for value in ODD_TIMES if value not in (-1, -(10**18), True)),
        *(("iss", value) for value in ([1], {"a": 1}, None, "", "else", 7, NESTED)),
        *(("aud", value) for value in ([1], {"a": 1}, None, "", "else", 7, NESTED)),
        *(("token_type", value) for value in ([1], {"a": 1}, None, "", "sliding", 7, NESTED)),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_signed_token_with_odd_claims_is_no_token(forge: Forge, kind: str, claim: str, value: Any) -> None:
    assert ways_in(forge.token(kind, {claim: value})) == {"access": 401, "refresh": 401, "verify": 401}


@pytest.mark.parametrize("claim", ["exp", "iat", "token_type", "jti", "iss", "aud", "sid", "user_id"])
@pytest.mark.parametrize("kind", ["access", "refresh"])
def test_a_token_that_lacks_a_claim_opens_nothing(forge: Forge, kind: str, claim: str) -> None:
    answers = ways_in(forge.token(kind, without=claim))
    assert (answers["access"], answers["refresh"]) == (401, 401)


@pytest.mark.parametrize("jti", [[1], {"a": 1}, None, "", "x", 7, UNKNOWN], ids=str)
def test_an_unknown_refresh_id_is_refused(forge: Forge, jti: Any) -> None:
    assert ways_in(forge.token("refresh", {"jti": jti}))["refresh"] == 401


def test_an_id_in_quotes_is_no_id(forge: Forge) -> None:
    assert ways_in(forge.token("access", {"user_id": str(forge.user.pk)}))["access"] == 401


def test_a_session_of_somebody_else_is_no_session(forge: Forge) -> None:
    other = UserFactory()
    for kind in ("access", "refresh"):
        answers = ways_in(forge.token(kind, {"user_id": other.pk}))
        assert (answers["access"], answers["refresh"]) == (401, 401)


@pytest.mark.parametrize("kind", ["access", "refresh"])
def test_another_key_and_another_algorithm_sign_nothing(forge: Forge, kind: str) -> None:
    refused = {"access": 401, "refresh": 401, "verify": 401}
    assert ways_in(forge.token(kind, key="another-key-that-is-long-enough-for-hs256-0123456789")) == refused
    assert ways_in(forge.token(kind, key=forge.key + "0" * 40, algorithm="HS512")) == refused
    assert ways_in(jwt.api_jws.encode(json.dumps(forge.claims(kind)).encode(), None, "none")) == refused
    head, body, _signature = forge.token(kind).split(".")
    assert ways_in(f"{head}.{body}.") == refused


def part(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PUBLIC_PEM = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
OTHER_KEY = "another-key-that-is-long-enough-for-hs256-0123456789"


def with_head(forge: Forge, kind: str, head: dict[str, Any], *, key: str = "", **change: Any) -> str:
    """Signed with HS256 whatever the header says."""
    signed = f"{part(json.dumps(head).encode())}.{part(json.dumps(forge.claims(kind) | change).encode())}"
    signature = hmac.new((key or forge.key).encode(), signed.encode(), "sha256").digest()
    return f"{signed}.{part(signature)}"


def altered(token: str, **change: Any) -> str:
    """Another body under the old signature."""
    head, body, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    return f"{head}.{part(json.dumps(claims | change).encode())}.{signature}"


def flipped(token: str) -> str:
    head, body, signature = token.split(".")
    return f"{head}.{body}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"


IN_AN_HOUR = 3600
HEAD = {"alg": "HS256", "typ": "JWT"}

# What somebody without our key, or with a bit of a real token, may try.
FORGED: dict[str, Callable[[Forge, str], str]] = {
    "alg none": lambda f, kind: jwt.api_jws.encode(json.dumps(f.claims(kind)).encode(), None, "none"),
    "alg None": lambda f, kind: with_head(f, kind, {**HEAD, "alg": "None"}),
    "no alg": lambda f, kind: with_head(f, kind, {"typ": "JWT"}),
    "HS384 with our key": lambda f, kind: f.token(kind, algorithm="HS384", key=f.key),
    "HS512 with our key": lambda f, kind: f.token(kind, algorithm="HS512", key=f.key + "0" * 40),
    "RS256": lambda f, kind: f.token(kind, algorithm="RS256", key=RSA),
    "HS256 with the public key of an RS256 pair": lambda f, kind: with_head(f, kind, HEAD, key=PUBLIC_PEM.decode()),
    "another key": lambda f, kind: f.token(kind, key=OTHER_KEY),
    "another key, which the header names": lambda f, kind: with_head(
        f, kind, {**HEAD, "jwk": {"kty": "oct", "k": part(OTHER_KEY.encode())}}, key=OTHER_KEY
    ),
    "a key from a file": lambda f, kind: with_head(f, kind, {**HEAD, "kid": "../../../../dev/null"}, key="x" * 40),
    "no signature": lambda f, kind: f.token(kind).rpartition(".")[0] + ".",
    "no signature and no dot": lambda f, kind: f.token(kind).rpartition(".")[0],
    "a shortened signature": lambda f, kind: f.token(kind)[:-4],
    "another signature": lambda f, kind: flipped(f.token(kind)),
    "the body of somebody else": lambda f, kind: altered(f.token(kind), user_id=UserFactory(role="admin").pk),
    "a body that lives longer": lambda f, kind: altered(f.token(kind), exp=int(time.time()) + 10**6),
    "the signature of the other kind": lambda f, kind: ".".join(
        [*f.token(kind).split(".")[:2], f.token("refresh" if kind == "access" else "access").split(".")[2]]
    ),
}
# Signed as ours are, and wrong all the same.
ODD: dict[str, Callable[[Forge, str], str]] = {
    "a critical header that nobody knows": lambda f, kind: with_head(f, kind, {**HEAD, "crit": ["x"], "x": 1}),
    "expired": lambda f, kind: f.token(kind, {"exp": int(time.time()) - 1}),
    "issued in the future": lambda f, kind: f.token(kind, {"iat": int(time.time()) + IN_AN_HOUR}),
    "not yet good": lambda f, kind: f.token(kind, {"nbf": int(time.time()) + IN_AN_HOUR}),
    "another issuer": lambda f, kind: f.token(kind, {"iss": "https://accounts.google.com"}),
    "no issuer": lambda f, kind: f.token(kind, without="iss"),
    "another audience": lambda f, kind: f.token(kind, {"aud": "helpdesk-web"}),
    "ours among other audiences": lambda f, kind: f.token(kind, {"aud": ["helpdesk-api", "else"]}),
    "no audience": lambda f, kind: f.token(kind, without="aud"),
    "no time of issue": lambda f, kind: f.token(kind, without="iat"),
    "no end": lambda f, kind: f.token(kind, without="exp"),
    "another type": lambda f, kind: f.token(kind, {"token_type": "sliding"}),
    "a user in quotes": lambda f, kind: f.token(kind, {"user_id": str(f.user.pk)}),
    "somebody else's session": lambda f, kind: f.token(
        kind, {"sid": str(Session.objects.create(user=UserFactory()).pk)}
    ),
    "somebody else in this session": lambda f, kind: f.token(kind, {"user_id": UserFactory().pk}),
    "a session that nobody has": lambda f, kind: f.token(kind, {"sid": str(uuid.uuid4())}),
}


@pytest.mark.parametrize("kind", ["access", "refresh"])
@pytest.mark.parametrize("name", [*FORGED, *ODD])
def test_a_forged_token_is_401_at_every_door(forge: Forge, kind: str, name: str) -> None:
    assert ways_in((FORGED | ODD)[name](forge, kind)) == {"access": 401, "refresh": 401, "verify": 401}
    # And nothing happened to the session that it was made from.
    assert ways_in(forge.token("access"))["access"] == 200


@pytest.mark.parametrize(
    "version", [None, "0", 0.0, -1, 1, 10**30, True, False, [0], {"a": 0}, NESTED], ids=lambda v: str(v)[:20]
)
def test_another_version_is_a_stale_token(forge: Forge, version: Any) -> None:
    assert ways_in(forge.token("access", {"ver": version})) == {"access": 401, "refresh": 401, "verify": 401}
    assert ways_in(forge.token("access", without="ver"))["access"] == 401


def test_a_version_of_the_past_is_stale_too(forge: Forge) -> None:
    User.objects.filter(pk=forge.user.pk).update(token_version=2)
    assert [ways_in(forge.token("access", {"ver": version}))["access"] for version in (0, 1, 2, 3)] == [
        401,
        401,
        200,
        401,
    ]


GOOD_HEAD = part(b'{"alg":"HS256","typ":"JWT"}')


@pytest.mark.parametrize(
    "token",
    [
        "x",
        "..",
        "a.b",
        "a.b.c.d",
        "é.é.é",
        f"{part(b'[' * 2000)}.e30.x",
        f"{part(b'[' * 1000 + b']' * 1000)}.e30.x",
        f"{part(b'[]')}.e30.x",
        f"{part(b'null')}.e30.x",
        f'{part(b"""{"alg":["HS256"]}""")}.e30.x',
        f'{part(b"""{"alg":{"a":1}}""")}.e30.x',
        f'{part(b"""{"alg":"HS256","crit":["x"],"b64":false}""")}.e30.x',
        f'{part(b"""{"alg":"HS256","kid":7}""")}.e30.x',
        f"{GOOD_HEAD}.{part(b'[' * 2000)}.{part(b'x' * 32)}",
        "e" * 4096,
    ],
    ids=lambda token: token[:40],
)
def test_what_is_no_token_at_all_is_401(db: None, token: str) -> None:
    assert ways_in(token) == {"access": 401, "refresh": 401, "verify": 401}


@pytest.mark.parametrize(
    "body", [b"[]", b'"x"', b"7", b"null", b"not json", b"", b"\xff\xfe", b"[" * 2000, b"NaN", b'{"exp":1e999}']
)
def test_a_signature_does_not_make_a_body_a_token(forge: Forge, body: bytes) -> None:
    token = jwt.api_jws.encode(body, forge.key, "HS256")
    assert ways_in(token) == {"access": 401, "refresh": 401, "verify": 401}


@pytest.mark.parametrize("header", ["Bearer", "Bearer a b", "bearer x", "BEARER x.y.z", "Bearer \xff\xfe", "Bearer  "])
def test_a_broken_header_is_401(db: None, header: str) -> None:
    response = APIClient(HTTP_AUTHORIZATION=header).get("/api/users/me/")
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("header", ["", "Basic YTpi", "Token x", "Digest x", "x"])
def test_another_scheme_is_not_signed_in(db: None, header: str) -> None:
    response = APIClient(HTTP_AUTHORIZATION=header).get("/api/users/me/")
    assert (response.status_code, response.json()["code"]) == (401, "not_authenticated")


def test_what_the_api_would_refuse_is_not_verified(forge: Forge) -> None:
    access, refresh = forge.token("access"), forge.token("refresh")
    assert ways_in(refresh)["refresh"] == 200
    assert ways_in(refresh)["verify"] == 401  # spent, and seen again: the session has ended
    assert ways_in(access)["verify"] == 401


def test_signing_in_sweeps_away_the_sessions_that_nobody_can_use(customer: Any) -> None:
    now = timezone.now()
    old, recent = (Session.objects.create(user=customer, refreshed_at=now - timedelta(days=days)) for days in (8, 6))

    sessions.sign_in(username=customer.username, password=PASSWORD, now=now)

    left = set(Session.objects.filter(user=customer).values_list("pk", flat=True))
    assert old.pk not in left
    assert recent.pk in left


def test_verifying_says_yes_with_an_empty_object(forge: Forge) -> None:
    response = APIClient().post("/api/auth/token/verify/", {"token": forge.token("access")})
    assert (response.status_code, response.json()) == (200, {})


@pytest.mark.parametrize(("path", "field"), [("refresh", "refresh"), ("verify", "token")])
@pytest.mark.parametrize("value", [None, "", 7, ["x"], {"a": 1}, "x" * 4097, True])
def test_what_is_no_text_is_400(db: None, path: str, field: str, value: Any) -> None:
    for body in ({field: value}, {}):
        response = APIClient().post(f"/api/auth/token/{path}/", body)
        assert response.status_code == 400
        assert [error["field"] for error in response.json()["errors"]] == [field]
