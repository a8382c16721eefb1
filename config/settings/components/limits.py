"""How many requests a minute, and how many guesses at passwords."""

from helpdesk.limits.rates import Rate

from .env import env


def _rate(text: str) -> str:
    Rate.parse(text)
    return text


RATE_LIMIT_ENABLED = env.bool("RATE_LIMIT_ENABLED", default=True)
RATE_LIMIT_USER = env("RATE_LIMIT_USER", cast=_rate, default="100/min")
RATE_LIMIT_ANON = env("RATE_LIMIT_ANON", cast=_rate, default="20/min")

# Wrong passwords: of one account wherever they come from, of one address whomever they are for, and of one address for
# one account. The last is the smallest, so that one address alone cannot lock anybody out everywhere else.
SIGN_IN_LIMIT_ACCOUNT = env("SIGN_IN_LIMIT_ACCOUNT", cast=_rate, default="30/15min")
SIGN_IN_LIMIT_ADDRESS = env("SIGN_IN_LIMIT_ADDRESS", cast=_rate, default="100/15min")
SIGN_IN_LIMIT_BOTH = env("SIGN_IN_LIMIT_BOTH", cast=_rate, default="10/15min")
