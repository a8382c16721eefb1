"""The rendered pages of lists, in the Redis that REDIS_URL names."""

from .env import env

# Seconds; 0 turns it off. What a write changed is new at once all the same: this is how long an unused page stays.
LIST_CACHE_SECONDS = max(0, env.int("LIST_CACHE_SECONDS", default=300))
