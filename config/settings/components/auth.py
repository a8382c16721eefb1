"""Users, passwords and tokens."""

from datetime import timedelta
from typing import Any

from .env import env, within

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["helpdesk.accounts.backends.UsernameOrEmailBackend"]

PASSWORD_HASHERS = [
    "helpdesk.accounts.hashers.Argon2Hasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
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
