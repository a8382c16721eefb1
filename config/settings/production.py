"""A deployment."""

from .base import *
from .components.env import env

ALLOWED_HOSTS = env.list("DJANGO_ALLOWED_HOSTS")
