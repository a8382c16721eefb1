"""What people and tokens look like on the wire, for the API's description."""

from typing import Any, Final

from helpdesk.api.schema import problem

CUSTOMER: Final[dict[str, Any]] = {"id": 12, "username": "customer_1", "name": "Ada Lovelace", "role": "customer"}
AGENT: Final[dict[str, Any]] = {"id": 3, "username": "agent_1", "name": "Grace Hopper", "role": "agent"}
COLLEAGUE: Final = {**CUSTOMER, "is_active": True}
PROFILE: Final = {
    **COLLEAGUE,
    "email": "customer_1@example.com",
    "email_verified": False,
    "language": "es",
    "phone": "+51 1 234 5678",
    "timezone": "America/Lima",
    "date_joined": "2026-11-01T09:30:00Z",
}
OWN: Final = {"name": "Ada Lovelace", "language": "es", "phone": "+51 1 234 5678", "timezone": "America/Lima"}

SIGN_IN: Final = {"username": "customer_1", "password": "testpass123"}
ACCESS: Final = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0b2tlbl90eXBlIjoiYWNjZXNzIn0.c2lnbmF0dXJl"
REFRESH: Final = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0b2tlbl90eXBlIjoicmVmcmVzaCJ9.c2lnbmF0dXJl"
PAIR: Final = {"access": ACCESS, "refresh": REFRESH}

REGISTRATION: Final = {
    "username": "ada",
    "email": "ada@example.com",
    "password": "correct horse battery staple",
    "name": "Ada Lovelace",
}
INVITATION: Final = {
    "username": "agent_4",
    "email": "agent_4@example.com",
    "name": "Edsger Dijkstra",
    "role": "agent",
    "language": "en",
}
LINK_TOKEN: Final = "pSxZ4Q0hJX9v1mN6kqB3cT8yRw2eUfLgDa5HiOoKzVs"  # noqa: S105 - opens nothing
NEW_PASSWORD: Final = {"token": LINK_TOKEN, "new_password": "correct horse battery staple"}

REGISTRATION_CLOSED: Final = problem(403, "registration_closed", "Nobody can register here. Ask for an invitation.")
_LINK_MESSAGE: Final = "This link was used before, or is too old."
LINK_NOT_VALID: Final = problem(
    400,
    "link_not_valid",
    _LINK_MESSAGE,
    errors=[{"field": "token", "code": "link_not_valid", "message": _LINK_MESSAGE}],
)
NOTHING_TO_VERIFY: Final = problem(
    409, "nothing_to_verify", "You have no e-mail address that waits for being verified."
)
NOT_INVITABLE: Final = problem(409, "not_invitable", "This person has a password already.")
OWN_ACCOUNT: Final = problem(
    409, "own_account", "You cannot deactivate yourself or take away your own role. Ask another admin."
)
LAST_ADMIN: Final = problem(409, "last_admin", "This is the last active admin. Make somebody else an admin first.")
NO_ACTIVE_ACCOUNT: Final = problem(401, "no_active_account", "No active account with these credentials.")
TOKEN_NOT_VALID: Final = problem(401, "token_not_valid", "The token is invalid or expired.")
SESSION_IDLE: Final = problem(
    401, "session_idle", "You were signed out, because nothing was done for a while. Sign in again."
)

SESSION: Final[dict[str, Any]] = {
    "id": "0b8e2c86-6d0e-4f0e-9a52-0d5c1c1f8f0a",
    "device": "Mozilla/5.0 (X11; Linux x86_64) Firefox/145.0",
    "address": "192.0.2.7",
    "method": "password",
    "created_at": "2026-11-20T09:30:00Z",
    "last_seen_at": "2026-11-20T10:00:00Z",
    "current": True,
}
SOCKET_TICKET: Final = {"ticket": "q1kZ3v0dTq4yq2gqf0b0n7w2u5m8r1x4c7e0h3k6n9s.0.1795166880", "expires_in": 30}
CHANGED_PASSWORD: Final = {"old_password": "testpass123", "new_password": "correct horse battery staple"}
WRONG_PASSWORD: Final = problem(
    400,
    "invalid",
    "This is not your password.",
    errors=[{"field": "old_password", "code": "wrong_password", "message": "This is not your password."}],
)
NO_PASSWORD: Final = problem(
    409, "no_password", "You have no password yet: you sign in with another account. Ask for one by e-mail."
)

BY_ID_TOKEN: Final = {
    "id_token": "eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.eyJzdWIiOiIxMDc2OSJ9.c2lnbmF0dXJl",
    "nonce": "n-0S6_WzA2Mj",
}
BY_CODE: Final = {
    "code": "4/0AeanS0b",
    "code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    "redirect_uri": "https://app.example.com/signed-in",
}
BY_ACCESS_TOKEN: Final = {"access_token": "EAABsbCS1iHgBO0"}
ENTRANCE: Final = {**PAIR, "user": CUSTOMER, "created": True}
IDENTITY: Final = {"provider": "google", "created_at": "2026-11-20T10:00:00Z"}

PROOF_REFUSED: Final = problem(401, "social_token_not_valid", "The provider's token or code is invalid or expired.")
PROVIDER_DOWN: Final = problem(503, "provider_unavailable", "The provider does not answer. Try again in a moment.")
PROVIDER_OFF: Final = problem(404, "not_found", "Not found.")
LINK_REQUIRED: Final = problem(
    409,
    "link_required",
    "There is an account with this e-mail address. Sign in to it first, then link this one.",
)
IDENTITY_TAKEN: Final = problem(409, "identity_taken", "This account of the provider belongs to somebody else here.")
ALREADY_LINKED: Final = problem(409, "already_linked", "Another account of this provider is linked. Unlink it first.")
ONLY_WAY_IN: Final = problem(409, "only_way_in", "You have no other way to sign in. Set a password first.")
