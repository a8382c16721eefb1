"""Tokens that are odd in one way or another: all of them 401, none of them 500."""

import base64
import json
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt
import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from helpdesk.accounts.models import Session
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
ODD_SESSIONS: list[Any] = [None, "", "x", 7, [1], {"a": 1}, True, str(uuid.uuid4()), 10**400, "\x00", NESTED]
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


@pytest.mark.parametrize("claim", ["exp", "token_type", "jti", "iss", "aud", "sid", "user_id"])
@pytest.mark.parametrize("kind", ["access", "refresh"])
def test_a_token_that_lacks_a_claim_opens_nothing(forge: Forge, kind: str, claim: str) -> None:
    answers = ways_in(forge.token(kind, without=claim))
    assert (answers["access"], answers["refresh"]) == (401, 401)


@pytest.mark.parametrize("jti", [[1], {"a": 1}, None, "", "x", 7, str(uuid.uuid4())], ids=str)
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
