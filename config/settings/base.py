"""What holds everywhere; each topic has its file in `components/`."""

from pathlib import Path

from .components.admin import *
from .components.auth import *
from .components.cache import *
from .components.celery import *
from .components.channels import *
from .components.cors import *
from .components.database import *
from .components.email import *
from .components.env import BASE_DIR, env, host
from .components.files import *
from .components.helpdesk import *
from .components.limits import *
from .components.logging import *
from .components.proxies import *
from .components.redis import *
from .components.rest import *
from .components.server import *
from .components.social import *

SECRET_KEY = env("DJANGO_SECRET_KEY")
# Former ones: what they signed for the admin, and sealed, is still good.
SECRET_KEY_FALLBACKS = env.list("DJANGO_SECRET_KEY_FALLBACKS", default=[])
DEBUG = False
ALLOWED_HOSTS = env.list("DJANGO_ALLOWED_HOSTS", cast=host, default=[])

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "corsheaders",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "helpdesk.limits",
    "helpdesk.files",
    "helpdesk.api",
    "helpdesk.backoffice.apps.BackofficeConfig",
    "helpdesk.events",
    "helpdesk.accounts",
    "helpdesk.realtime",
    "helpdesk.tickets",
    "helpdesk.chat",
    "helpdesk.notifications",
    "helpdesk.demo",
    "helpdesk.system",
    # Behind our apps, whose templates replace theirs, and the theme before what it dresses.
    "unfold.apps.BasicAppConfig",
    "helpdesk.backoffice.apps.AdminConfig",
]

# Few on purpose: each costs every request. Cookies, sessions and CSRF belong to forms, and the API has none.
MIDDLEWARE = [
    "helpdesk.api.headers.HeadersMiddleware",
    "helpdesk.api.request_id.RequestIDMiddleware",
    "helpdesk.backoffice.middleware.AdminMiddleware",
    "helpdesk.api.errors.ProblemMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "helpdesk.api.cors.CorsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
APPEND_SLASH = False  # redirecting a POST would lose its body

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("es", "Español")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
WHITENOISE_ALLOW_ALL_ORIGINS = False  # pages from elsewhere have files of their own
STATIC_ROOT: Path | None = BASE_DIR / "staticfiles"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "attachments": ATTACHMENT_STORAGE,
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
