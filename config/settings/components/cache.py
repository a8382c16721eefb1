"""The rendered pages of lists, in the Redis that REDIS_URL names."""

from .env import LARGEST, env, within

# Seconds; 0 turns it off. What a write changed is new at once all the same: this is how long an unused page stays.
LIST_CACHE_SECONDS = env("LIST_CACHE_SECONDS", cast=within(0, LARGEST), default=300)
