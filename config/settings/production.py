"""A deployment."""

from django.core.exceptions import ImproperlyConfigured

from .base import *
from .components.env import env

ALLOWED_HOSTS = env.list("DJANGO_ALLOWED_HOSTS")

if not RATE_LIMIT_ENABLED:
    raise ImproperlyConfigured("RATE_LIMIT_ENABLED=false is for tests and benchmarks, not for a deployment.")
