"""Users, passwords and tokens."""

from datetime import timedelta
from typing import Any

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["helpdesk.accounts.backends.UsernameOrEmailBackend"]

PASSWORD_HASHERS = [
    "helpdesk.accounts.hashers.Argon2Hasher",
    "helpdesk.accounts.hashers.PBKDF2Hasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "helpdesk.accounts.passwords.SignsOut"},
]

SIMPLE_JWT: dict[str, Any] = {
    "ACCESS_TOKEN_LIFETIME": timedelta(hours=1),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=7),
    "ALGORITHM": "HS256",
    "ISSUER": "helpdesk",
    "AUDIENCE": "helpdesk-api",
    "UPDATE_LAST_LOGIN": False,
}
