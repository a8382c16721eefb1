"""One developer's machine."""

from helpdesk.core.refusal import refuse

from .base import *
from .components.channels import origin
from .components.env import env, host

DEBUG = env.bool("DJANGO_DEBUG", default=False)
ALLOWED_HOSTS = env.list("DJANGO_ALLOWED_HOSTS", cast=host, default=["*"])
DEMO_DATA_ALLOWED = True
CONSOLE_ENABLED = env.bool("CONSOLE_ENABLED", default=True)
# The page under development comes from its own server, or from a file.
ALLOWED_ORIGINS = env.list("ALLOWED_ORIGINS", cast=origin, default=["*"])
# Files are served from where the packages keep them: nothing to collect.
# There is no https here.
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = False
WHITENOISE_USE_FINDERS = True
STATIC_ROOT = None
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}

refuse(env.problems)
