"""Users, passwords and tokens."""

from datetime import timedelta
from typing import Any

from .env import LARGEST, env, within

_ROLES = ("customer", "agent", "admin")


def idle_timeouts(text: str) -> dict[str, int]:
    """`300` for everybody, or `agent=900,admin=300`; 0 is off, and so is a role that is not named."""
    named = dict(part.split("=") for part in text.split(",")) if "=" in text else dict.fromkeys(_ROLES, text)
    timeouts = {role.strip(): int(seconds) for role, seconds in named.items()}
    if not timeouts.keys() <= set(_ROLES) or not all(0 <= seconds <= LARGEST for seconds in timeouts.values()):
        raise ValueError
    return timeouts


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

# Whether people may register by themselves. Without, admins invite them.
REGISTRATION_OPEN = env.bool("REGISTRATION_OPEN", default=True)
# What must not tell whether an address is known takes at least so long. Its work must take less.
EVEN_ANSWER_SECONDS = env("EVEN_ANSWER_SECONDS", cast=within(0, 10, float), default=0.5)

SIMPLE_JWT: dict[str, Any] = {
    "ACCESS_TOKEN_LIFETIME": timedelta(hours=1),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=7),
    "ALGORITHM": "HS256",
    "ISSUER": "helpdesk",
    "AUDIENCE": "helpdesk-api",
    "UPDATE_LAST_LOGIN": False,
}

# Seconds from signing in to the end of the session, however often it is refreshed.
SESSION_MAX_AGE = env("SESSION_MAX_AGE", cast=within(60, LARGEST), default=2_592_000)
# Seconds without a request, by role.
SESSION_IDLE_TIMEOUT = env("SESSION_IDLE_TIMEOUT", cast=idle_timeouts, default=idle_timeouts("0"))
