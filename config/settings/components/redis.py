"""Redis, or Valkey: it carries, and nothing is lost with it. In three databases, so that one can be flushed alone."""

from helpdesk.core.redis_urls import celery_url, channels_url, verified

from .env import address, env

# The rate limits and the cache.
_ADDRESS = address("redis", "rediss", "unix")
REDIS_URL = env("REDIS_URL", cast=_ADDRESS, default="redis://redis:6379/0")
CHANNELS_REDIS_URL = env("CHANNELS_REDIS_URL", cast=_ADDRESS, default=channels_url(REDIS_URL))
# Celery has its own name for a socket.
_BROKER = address("redis", "rediss", "redis+socket")
CELERY_BROKER_URL = verified(env("CELERY_BROKER_URL", cast=_BROKER, default=celery_url(REDIS_URL)))
