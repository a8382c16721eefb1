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
