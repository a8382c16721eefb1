"""A person's devices: pairs of tokens, what they open, and how they are told to have ended."""

from typing import Any

from rest_framework.test import APIClient

from helpdesk.accounts import tokens
from helpdesk.events.models import EventRecord
from tests.people import PASSWORD


def sign_in(user: Any, **headers: Any) -> dict[str, str]:
    answer = APIClient().post("/api/auth/token/", {"username": user.username, "password": PASSWORD}, **headers)
    pair: dict[str, str] = answer.json()
    return pair


def bearer(pair: dict[str, str]) -> APIClient:
    return APIClient(HTTP_AUTHORIZATION=f"Bearer {pair['access']}")


def refresh(pair: dict[str, str]) -> Any:
    return APIClient().post("/api/auth/token/refresh/", {"refresh": pair["refresh"]})


def me(pair: dict[str, str]) -> int:
    return bearer(pair).get("/api/users/me/").status_code


def sid(pair: dict[str, str]) -> str:
    return str(tokens.read_refresh(pair["refresh"]).session_id)


def endings() -> list[tuple[str, str, Any, str | None]]:
    records = EventRecord.objects.filter(type__in=["session_ended", "sessions_ended"]).order_by("id")
    return [
        (
            record.type,
            record.body["reason"],
            record.body.get("session", record.body.get("count")),
            record.body["actor"],
        )
        for record in records
    ]
