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

NO_ACTIVE_ACCOUNT: Final = problem(401, "no_active_account", "No active account with these credentials.")
TOKEN_NOT_VALID: Final = problem(401, "token_not_valid", "The token is invalid or expired.")
