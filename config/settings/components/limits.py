"""How many requests a minute."""

from helpdesk.limits.rates import Rate

from .env import env


def _rate(text: str) -> str:
    Rate.parse(text)
    return text


RATE_LIMIT_ENABLED = env.bool("RATE_LIMIT_ENABLED", default=True)
RATE_LIMIT_USER = env("RATE_LIMIT_USER", cast=_rate, default="100/min")
# Guesses at the own password by somebody who is signed in.
RATE_LIMIT_PASSWORD = env("RATE_LIMIT_PASSWORD", cast=_rate, default="10/h")
RATE_LIMIT_ANON = env("RATE_LIMIT_ANON", cast=_rate, default="20/min")
