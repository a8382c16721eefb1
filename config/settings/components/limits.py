"""How many requests a minute, and the Redis that counts them."""

from .env import env

REDIS_URL = env("REDIS_URL", default="redis://redis:6379/0")
RATE_LIMIT_ENABLED = env.bool("RATE_LIMIT_ENABLED", default=True)
RATE_LIMIT_USER = env("RATE_LIMIT_USER", default="100/min")
RATE_LIMIT_ANON = env("RATE_LIMIT_ANON", default="20/min")
