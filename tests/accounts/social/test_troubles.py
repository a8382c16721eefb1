"""Providers that are down, slow or odd; keys that change; and secrets that stay out of every line."""

import contextlib
import json
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from django.db import connection

from helpdesk.accounts.models import SocialIdentity
from helpdesk.accounts.social import jwks
from helpdesk.events.models import EventRecord
from tests.accounts.social.doors import VERIFIER, by_code, code_of, enter
from tests.servers.identity_provider import APP, SECRET, Handler, IdentityProvider, Key

# --- down ------------------------------------------------------------------------------------------------------------


# Well-formed, and no help: whoever waited for it, or read it all, would answer 401.
FINE = b'{"keys": []}'


def slow(handler: Handler) -> None:
    time.sleep(2)
    with contextlib.suppress(OSError):
        handler.answer(200, FINE)


def dripping(handler: Handler) -> None:
    """Never still for long, and a fine answer in the end."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(40 + len(FINE)))
    handler.end_headers()
    with contextlib.suppress(OSError):
        for _ in range(40):
            handler.wfile.write(b" ")
            handler.wfile.flush()
            time.sleep(0.05)
        handler.wfile.write(FINE)


def hanging_up(handler: Handler) -> None:
    handler.close_connection = True
    handler.connection.close()


TROUBLES: dict[str, Callable[[Handler], None]] = {
    "an error of its own": lambda handler: handler.answer(500, {"error": "server_error"}),
    "unavailable": lambda handler: handler.answer(503, b"<h1>Later</h1>", kind="text/html"),
    "too many questions": lambda handler: handler.answer(429, {}),
    "a page": lambda handler: handler.answer(200, b"<h1>Hello</h1>", kind="text/html"),
    "a list": lambda handler: handler.answer(200, []),
    "nothing": lambda handler: handler.answer(200, b""),
    "no UTF-8": lambda handler: handler.answer(200, b'{"a": "\xff"}'),
    "nested": lambda handler: handler.answer(200, b"[" * 100_000),
    "too much": lambda handler: handler.answer(200, b" " * 1_000_000 + FINE),
    "a way elsewhere": lambda handler: handler.answer(302, {}, Location="http://127.0.0.1:1/"),
    "slow": slow,
    "dripping": dripping,
    "hanging up": hanging_up,
}
WAYS: dict[str, tuple[str, str, Callable[[IdentityProvider], dict[str, Any]]]] = {
    "google's keys": ("google", "jwks", lambda p: {"id_token": p.id_token()}),
    "google's codes": ("google", "token", lambda p: by_code(p.code(VERIFIER))),
    "facebook's keys": ("facebook", "jwks", lambda p: {"id_token": p.id_token("facebook")}),
    "facebook's codes": ("facebook", "access_token", lambda p: by_code(p.code(VERIFIER, "facebook"))),
    "facebook about tokens": ("facebook", "debug_token", lambda p: {"access_token": p.access_token()}),
    "facebook about people": ("facebook", "/me", lambda p: {"access_token": p.access_token()}),
}


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("way", WAYS)
def test_a_provider_in_trouble_is_503(
    identity_provider: IdentityProvider, nothing: Any, settings: Any, way: str, trouble: str
) -> None:
    settings.SOCIAL_TIMEOUT = 0.5
    provider, part, body = WAYS[way]
    identity_provider.broken[part] = TROUBLES[trouble]
    before = nothing()

    response = enter(provider, **body(identity_provider))

    assert code_of(response) == (503, "provider_unavailable")
    assert int(response.headers["Retry-After"]) > 0
    assert "127.0.0.1" not in response.content.decode()
    assert before.happened()


def test_a_redirect_is_not_followed(nothing: Any, identity_provider: IdentityProvider) -> None:
    """Not even to where the right keys are: the settings alone say who is asked."""
    identity_provider.broken["google/jwks"] = lambda handler: handler.answer(302, {}, Location="/facebook/jwks")
    before = nothing()

    response = enter("google", id_token=identity_provider.id_token())

    assert code_of(response) == (503, "provider_unavailable")
    assert "/facebook/jwks" not in identity_provider.asked
    assert before.happened()


def test_a_provider_that_is_not_there_is_503(identity_provider: IdentityProvider, nothing: Any) -> None:
    before = nothing()
    token = identity_provider.access_token()
    identity_provider.stop()
    for provider, body in (
        ("google", {"id_token": identity_provider.id_token()}),
        ("google", by_code("x")),
        ("facebook", {"access_token": token}),
    ):
        assert code_of(enter(provider, **body)) == (503, "provider_unavailable")
    assert before.happened()
    identity_provider.start()  # for the fixture, which stops it


def test_a_secret_of_ours_that_is_wrong_is_our_trouble(
    identity_provider: IdentityProvider, nothing: Any, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    google = {**settings.SOCIAL_PROVIDERS["google"], "client_secret": "an-old-secret"}
    settings.SOCIAL_PROVIDERS = {**settings.SOCIAL_PROVIDERS, "google": google}
    before = nothing()

    assert code_of(enter("google", **by_code(identity_provider.code(VERIFIER)))) == (503, "provider_unavailable")
    assert before.happened()
    assert "google does not know our client id or secret: invalid_client" in caplog.text


def test_without_the_secret_access_tokens_cannot_be_checked(
    identity_provider: IdentityProvider, nothing: Any, settings: Any
) -> None:
    facebook = {**settings.SOCIAL_PROVIDERS["facebook"], "client_secret": ""}
    settings.SOCIAL_PROVIDERS = {**settings.SOCIAL_PROVIDERS, "facebook": facebook}
    token = identity_provider.access_token()
    before = nothing()

    assert code_of(enter("facebook", access_token=token)) == (503, "provider_unavailable")
    assert before.happened()
    # What Facebook signed needs no secret of ours.
    assert enter("facebook", id_token=identity_provider.id_token("facebook")).status_code == 201


def test_while_it_is_down_it_is_not_asked_by_everybody(identity_provider: IdentityProvider, db: None) -> None:
    identity_provider.broken["jwks"] = TROUBLES["an error of its own"]
    for _ in range(5):
        assert enter("google", id_token=identity_provider.id_token()).status_code == 503
    assert identity_provider.asked == ["/google/jwks"]


# --- keys ------------------------------------------------------------------------------------------------------------


def test_keys_are_asked_for_once(db: None, identity_provider: IdentityProvider) -> None:
    for _ in range(5):
        assert enter("google", id_token=identity_provider.id_token()).status_code in {200, 201}
    assert identity_provider.asked == ["/google/jwks"]


def test_many_at_once_ask_for_keys_once(transactional_db: None, identity_provider: IdentityProvider) -> None:
    token = identity_provider.id_token()
    identity_provider.before_answer = lambda: time.sleep(0.2)

    def come(_number: int) -> int:
        try:
            return int(enter("google", id_token=token).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(come, range(8))) == {200, 201}
    assert identity_provider.asked == ["/google/jwks"]


def test_new_keys_are_found_without_a_restart(db: None, identity_provider: IdentityProvider, settings: Any) -> None:
    settings.SOCIAL_KEYS_REFETCH = 0
    old = identity_provider.id_token()
    assert enter("google", id_token=old).status_code == 201

    identity_provider.keys = [Key.make("second")]

    assert enter("google", id_token=identity_provider.id_token()).status_code == 200
    # What the old one signed is of no more use.
    assert enter("google", id_token=old).status_code == 401


def test_made_up_keys_cost_the_provider_nothing(db: None, identity_provider: IdentityProvider) -> None:
    """One look within the time that the setting says, however many there are."""
    assert enter("google", id_token=identity_provider.id_token()).status_code == 201
    made_up = Key.make("made-up")
    for number in range(20):
        made_up.kid = f"made-up-{number}"
        assert enter("google", id_token=identity_provider.id_token(key=made_up)).status_code == 401
    assert identity_provider.asked == ["/google/jwks"]
    # And the good ones go on.
    assert enter("google", id_token=identity_provider.id_token()).status_code == 200


def test_known_keys_outlive_a_provider_that_is_down(
    db: None, identity_provider: IdentityProvider, settings: Any
) -> None:
    settings.SOCIAL_KEYS_REFETCH = 0
    assert enter("google", id_token=identity_provider.id_token()).status_code == 201
    identity_provider.broken["jwks"] = TROUBLES["an error of its own"]

    assert (
        enter("google", id_token=identity_provider.id_token(key=Key("new", Key.make("x").private))).status_code == 503
    )
    assert enter("google", id_token=identity_provider.id_token()).status_code == 200


def test_keys_grow_old(db: None, identity_provider: IdentityProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that the provider took back is good for an hour at most."""
    assert enter("google", id_token=identity_provider.id_token()).status_code == 201
    old = identity_provider.id_token()
    identity_provider.keys = [Key.make("second")]
    assert enter("google", id_token=old).status_code == 200

    keys = jwks.key_set(f"{identity_provider.base_url}/google/jwks")
    assert keys._fetched_at is not None
    keys._fetched_at -= jwks.FRESH

    assert enter("google", id_token=old).status_code == 401


def test_an_odd_key_takes_no_other_along(db: None, identity_provider: IdentityProvider) -> None:
    good = identity_provider.keys[0].public
    odd: list[Any] = [
        None,
        7,
        {},
        {"kty": "RSA", "kid": "a"},
        {"kty": "RSA", "kid": "b", "n": 7, "e": []},
        {"kty": "oct", "kid": "c", "k": "c2VjcmV0"},
        {**good, "kid": 7},
        {**good, "kid": "d", "use": "enc"},
        {**good, "kid": "e", "alg": "XS256"},
        {"kty": "EC", "kid": "f", "crv": "P-0", "x": "AA", "y": "AA"},
    ]
    identity_provider.broken["jwks"] = lambda handler: handler.answer(200, {"keys": [*odd, good]})

    assert enter("google", id_token=identity_provider.id_token()).status_code == 201


def test_a_provider_that_signs_with_elliptic_curves_says_so_in_the_table(
    db: None, identity_provider: IdentityProvider, settings: Any
) -> None:
    identity_provider.keys = [Key.make_elliptic("curve")]
    assert enter("google", id_token=identity_provider.id_token()).status_code == 401
    google = {**settings.SOCIAL_PROVIDERS["google"], "algorithms": ["ES256"]}
    settings.SOCIAL_PROVIDERS = {**settings.SOCIAL_PROVIDERS, "google": google}
    assert enter("google", id_token=identity_provider.id_token()).status_code == 201


# --- secrets ---------------------------------------------------------------------------------------------------------


def test_no_secret_is_in_an_event_or_a_line(
    db: None, identity_provider: IdentityProvider, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """At every level of our own, and with everything that the libraries say by themselves."""
    caplog.set_level(logging.DEBUG, logger="helpdesk")
    id_token, access_token = identity_provider.id_token(), identity_provider.access_token("4242")
    code = identity_provider.code(VERIFIER)
    bad = [identity_provider.access_token(app_id="999"), identity_provider.id_token(aud="else", nonce="n-canary")]
    enter("google", id_token=id_token)
    enter("google", **by_code(code))
    enter("facebook", access_token=access_token)
    enter("facebook", access_token=bad[0])
    enter("google", id_token=bad[1], nonce="n-other-canary")
    identity_provider.broken["debug_token"] = TROUBLES["hanging up"]
    enter("facebook", access_token=access_token)

    lines = caplog.text + "".join(capfd.readouterr())
    events = json.dumps(list(EventRecord.objects.values("body", "data", "changes")), default=str)
    secrets = [id_token, access_token, code, VERIFIER, SECRET, *bad, "n-canary", "n-other-canary", f"{APP}|"]
    assert "a proof of facebook was refused: access_token: app_id" in lines
    for secret in secrets:
        assert secret not in lines
        assert secret not in events
    # Nor whose account at the provider it is.
    for subject in SocialIdentity.objects.values_list("subject", flat=True):
        assert subject not in events


@pytest.mark.slow
def test_a_real_server_writes_none_either(
    identity_provider: IdentityProvider, start_daphne: Callable[..., Any]
) -> None:
    """At the level at which libraries write every address that they ask."""
    server = start_daphne(LOG_LEVEL="DEBUG", **identity_provider.environment)
    id_token, access_token = identity_provider.id_token(), identity_provider.access_token("4242")
    other, code = identity_provider.access_token(app_id="999"), identity_provider.code(VERIFIER)
    bodies = [
        ("google", {"id_token": id_token}),
        ("google", by_code(code)),
        ("facebook", {"access_token": access_token}),
        ("facebook", {"access_token": other}),
    ]

    with httpx.Client(base_url=server.base_url, timeout=30) as http:
        answers = [http.post(f"/api/auth/{provider}/", json=body).status_code for provider, body in bodies]

    assert answers == [201, 200, 201, 401]
    lines = server.output()
    assert "a proof of facebook was refused" in lines
    for secret in (id_token, code, VERIFIER, access_token, other, SECRET, "appsecret_proof", "input_token"):
        assert secret not in lines


def test_the_libraries_tell_no_address_that_they_ask(settings: Any) -> None:
    """They write a line for each question, with its query: and there Facebook's tokens are."""
    for name in ("httpx", "httpcore.http11"):
        assert not logging.getLogger(name).isEnabledFor(logging.INFO)
    assert settings.LOGGING["loggers"]["httpx"] == settings.LOGGING["loggers"]["httpcore"] == {"level": "WARNING"}
