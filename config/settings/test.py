"""The suite: real servers, cheap passwords, no limits unless a test asks for them."""

import atexit
import os
import shutil
import tempfile

os.environ.setdefault("DJANGO_SECRET_KEY", "canary-test-key-that-is-long-enough-for-hs256-0123456789")

from helpdesk.core.redis_urls import beside
from helpdesk.core.refusal import refuse

# Several processes run the suite beside each other, each in Redis databases of its own. What they start inherits them.
if (_process := os.environ.pop("PYTEST_XDIST_WORKER", "")) and "REDIS_URL" in os.environ:
    os.environ["REDIS_URL"] = beside(os.environ["REDIS_URL"], int(_process.removeprefix("gw")))

# Each has files of its own, too.
if _process or "ATTACHMENT_ROOT" not in os.environ:
    os.environ["ATTACHMENT_ROOT"] = tempfile.mkdtemp(prefix="helpdesk-files-")
    atexit.register(shutil.rmtree, os.environ["ATTACHMENT_ROOT"], ignore_errors=True)

from .base import *
from .components.env import LARGEST, env, within

ALLOWED_HOSTS = ["*"]
DEMO_DATA_ALLOWED = True
CONSOLE_ENABLED = True
RATE_LIMIT_ENABLED = env.bool("RATE_LIMIT_ENABLED", default=False)
# A test's own transaction is rolled back, and tells no cache. Where servers are real, so is the cache.
LIST_CACHE_SECONDS = env("LIST_CACHE_SECONDS", cast=within(0, LARGEST), default=0)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = False
WHITENOISE_USE_FINDERS = True
STATIC_ROOT = None
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
# That answers take as long is tested; all others need not.
EVEN_ANSWER_SECONDS = env("EVEN_ANSWER_SECONDS", cast=within(0, 10, float), default=0.0)
# Argon2 itself is tested and measured, and then named here; everybody else only needs to sign in.
_CHEAP = "django.contrib.auth.hashers.MD5PasswordHasher"
_HASHER = env("HELPDESK_TEST_HASHER", default="")
PASSWORD_HASHERS = [_HASHER] if _HASHER else [_CHEAP, *PASSWORD_HASHERS]

# A suite beside this one takes another name.
_name = os.environ.get("HELPDESK_TEST_DB")
DATABASES["default"]["TEST"] = {"NAME": f"test_helpdesk_{_name}" if _name else "test_helpdesk"}

# The name of a point in `core/faults.py` at which this process kills itself.
FAULT_POINT = env("HELPDESK_FAULT", default="")

refuse(env.problems)
