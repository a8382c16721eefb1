"""A deployment."""

from .base import *

ALLOWED_HOSTS = env.list("DJANGO_ALLOWED_HOSTS")
