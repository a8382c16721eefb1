"""How a client comes in by a provider."""

from typing import Any

from rest_framework.test import APIClient

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
REDIRECT = "https://app.example.com/signed-in"


def enter(provider: str, **body: Any) -> Any:
    return APIClient().post(f"/api/auth/{provider}/", body)


def by_code(code: str, **change: Any) -> dict[str, Any]:
    return {"code": code, "code_verifier": VERIFIER, "redirect_uri": REDIRECT} | change


def me(access: str) -> Any:
    return APIClient(HTTP_AUTHORIZATION=f"Bearer {access}").get("/api/users/me/").json()


def code_of(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["code"]
