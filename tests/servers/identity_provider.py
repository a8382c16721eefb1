"""Google and Facebook on one local port, with keys of their own: JWKS, a token endpoint that checks PKCE, and Graph.

It keeps to the rules of the real ones, so that what passes here has done its part; and it breaks when it is told to.
"""

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from tests.servers.process import HOST

WEB, PHONE, APP = "web.apps.example", "phone.apps.example", "1234567890"
SECRET = "a-client-secret-that-nobody-logs"
REDIRECT = "https://app.example.com/signed-in"
ISSUERS = {"google": "https://accounts.google.com", "facebook": "https://www.facebook.com"}
CLIENTS = {"google": WEB, "facebook": APP}


@dataclass
class Key:
    """One that signs, and the half of it that is published."""

    kid: str
    private: Any
    algorithm: str = "RS256"

    @classmethod
    def make(cls, kid: str) -> "Key":
        return cls(kid, rsa.generate_private_key(public_exponent=65537, key_size=2048))

    @classmethod
    def make_elliptic(cls, kid: str) -> "Key":
        return cls(kid, ec.generate_private_key(ec.SECP256R1()), "ES256")

    @property
    def public(self) -> dict[str, Any]:
        kind = RSAAlgorithm if self.algorithm.startswith("RS") else ECAlgorithm
        jwk = json.loads(kind.to_jwk(self.private.public_key()))
        return {**jwk, "kid": self.kid, "alg": self.algorithm, "use": "sig"}


# Making one takes a while; the first is everybody's.
FIRST = Key.make("first")


@dataclass
class _Code:
    challenge: str
    redirect_uri: str
    answer: dict[str, Any]


@dataclass
class IdentityProvider:
    """In a thread of this process. `asked` has the paths of what it was asked, `broken` how it answers instead."""

    keys: list[Key] = field(default_factory=lambda: [FIRST])
    asked: list[str] = field(default_factory=list)
    broken: dict[str, Callable[["Handler"], None]] = field(default_factory=dict)
    codes: dict[str, _Code] = field(default_factory=dict)
    access_tokens: dict[str, dict[str, Any]] = field(default_factory=dict)
    profiles: dict[str, dict[str, Any]] = field(default_factory=dict)
    before_answer: Callable[[], None] = lambda: None

    def start(self) -> None:
        handler = type("HandlerOfThis", (Handler,), {"provider": self})
        self._server = ThreadingHTTPServer((HOST, 0), handler)
        self._server.daemon_threads = True
        self.base_url = f"http://{HOST}:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def environment(self) -> dict[str, str]:
        """For a server of ours that shall believe this one."""
        return {
            "GOOGLE_CLIENT_IDS": f"{WEB},{PHONE}",
            "GOOGLE_CLIENT_SECRET": SECRET,
            "GOOGLE_REDIRECT_URIS": REDIRECT,
            "GOOGLE_JWKS_URL": f"{self.base_url}/google/jwks",
            "GOOGLE_TOKEN_URL": f"{self.base_url}/google/token",
            "FACEBOOK_APP_ID": APP,
            "FACEBOOK_APP_SECRET": SECRET,
            "FACEBOOK_REDIRECT_URIS": REDIRECT,
            "FACEBOOK_JWKS_URL": f"{self.base_url}/facebook/jwks",
            "FACEBOOK_GRAPH_URL": f"{self.base_url}/graph",
        }

    @property
    def settings(self) -> dict[str, dict[str, Any]]:
        """The same, for this process."""
        shared = {"client_secret": SECRET, "redirect_uris": [REDIRECT], "algorithms": ["RS256"]}
        google, graph = f"{self.base_url}/google", f"{self.base_url}/graph"
        return {
            "google": {
                **shared,
                "client_ids": [WEB, PHONE],
                "issuers": [ISSUERS["google"], "accounts.google.com"],
                "jwks_url": f"{google}/jwks",
                "token_url": f"{google}/token",
            },
            "facebook": {
                **shared,
                "client_ids": [APP],
                "issuers": [ISSUERS["facebook"]],
                "jwks_url": f"{self.base_url}/facebook/jwks",
                "token_url": f"{graph}/oauth/access_token",
                "graph_url": graph,
            },
        }

    def claims(self, provider: str = "google", *, without: str = "", **change: Any) -> dict[str, Any]:
        now = int(time.time())
        claims = {
            "iss": ISSUERS[provider],
            "aud": CLIENTS[provider],
            "sub": "10769150350006150715113082367",
            "iat": now,
            "exp": now + 3600,
            "name": "Ada Lovelace",
            "email": "ada@example.com",
        }
        claims |= ({"email_verified": True} if provider == "google" else {}) | change
        claims.pop(without, None)
        return claims

    def id_token(self, provider: str = "google", *, key: Key | None = None, without: str = "", **change: Any) -> str:
        signing = key or self.keys[-1]
        # Not by jwt.encode(claims): it refuses to sign the odd ones.
        payload = json.dumps(self.claims(provider, without=without, **change)).encode()
        return jwt.api_jws.encode(payload, signing.private, signing.algorithm, headers={"kid": signing.kid})

    def code(self, verifier: str, provider: str = "google", **change: Any) -> str:
        """As if somebody had just agreed: bound to the verifier's challenge, good once."""
        code = secrets.token_urlsafe(24)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        answer = {"access_token": "opaque", "token_type": "Bearer", "id_token": self.id_token(provider, **change)}
        self.codes[code] = _Code(challenge, REDIRECT, answer)
        return code

    def access_token(self, user_id: str = "4242", **change: Any) -> str:
        """Facebook's, of a person for our app; `change` is what `debug_token` says otherwise."""
        token = f"EAAB{secrets.token_hex(24)}"
        self.access_tokens[token] = {
            "app_id": APP,
            "type": "USER",
            "is_valid": True,
            "expires_at": int(time.time()) + 3600,
            "data_access_expires_at": int(time.time()) + 86400,
            "scopes": ["public_profile", "email"],
            "user_id": user_id,
        } | change
        self.profiles.setdefault(token, {"id": user_id, "name": "Ada Lovelace", "email": "ada@example.com"})
        return token


class Handler(BaseHTTPRequestHandler):
    provider: IdentityProvider
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        self._route(url.path, dict(parse_qsl(url.query)))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._route(self.path, dict(parse_qsl(body.decode())))

    def log_message(self, *_: Any) -> None:
        pass

    def answer(self, status: int, body: Any, *, kind: str = "application/json", **headers: str) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Connection", "close")
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def _route(self, path: str, params: dict[str, str]) -> None:
        self.provider.asked.append(path)
        self.provider.before_answer()
        for part, breaks in self.provider.broken.items():
            if part in path:
                breaks(self)
                return
        routes = {
            "/google/jwks": self._jwks,
            "/facebook/jwks": self._jwks,
            "/google/token": self._token,
            "/graph/oauth/access_token": self._token,
            "/graph/debug_token": self._debug_token,
            "/graph/me": self._me,
        }
        self.answer(*routes[path](params))

    def _jwks(self, _params: dict[str, str]) -> tuple[int, Any]:
        return 200, {"keys": [key.public for key in self.provider.keys]}

    def _token(self, form: dict[str, str]) -> tuple[int, Any]:
        if form.get("client_id") not in CLIENTS.values() or form.get("client_secret") != SECRET:
            return 401, {"error": "invalid_client"}
        # Whoever comes with a code has used it up.
        code = self.provider.codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        good = code is not None and code.challenge == challenge and code.redirect_uri == form.get("redirect_uri")
        if form.get("grant_type") != "authorization_code" or not good or code is None:
            return 400, {"error": "invalid_grant"}
        return 200, code.answer

    def _debug_token(self, params: dict[str, str]) -> tuple[int, Any]:
        if params.get("access_token") != f"{APP}|{SECRET}":
            return 400, {"error": {"type": "OAuthException", "code": 190}}
        data = self.provider.access_tokens.get(params.get("input_token", ""))
        return 200, {"data": data or {"is_valid": False, "scopes": [], "error": {"code": 190}}}

    def _me(self, params: dict[str, str]) -> tuple[int, Any]:
        token = params.get("access_token", "")
        proof = hmac.new(SECRET.encode(), token.encode(), hashlib.sha256).hexdigest()
        if token not in self.provider.access_tokens or params.get("appsecret_proof") != proof:
            return 400, {"error": {"type": "GraphMethodException", "code": 100, "message": "Invalid appsecret_proof"}}
        asked = params.get("fields", "id").split(",")
        return 200, {name: value for name, value in self.provider.profiles[token].items() if name in asked}
