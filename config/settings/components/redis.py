"""Redis, or Valkey: it carries, and nothing is lost with it. In three databases, so that one can be flushed alone."""

from helpdesk.core.redis_urls import celery_url, channels_url

from .env import address, env

# The rate limits and the cache.
REDIS_URL = env("REDIS_URL", cast=address, default="redis://redis:6379/0")
CHANNELS_REDIS_URL = env("CHANNELS_REDIS_URL", cast=address, default=channels_url(REDIS_URL))
CELERY_BROKER_URL = env("CELERY_BROKER_URL", cast=address, default=celery_url(REDIS_URL))
