"""A deployment. It starts with settings that are safe, or says everything that is not, and ends."""

from urllib.parse import urlsplit

from django.core import checks

from helpdesk.core.redis_urls import password_in
from helpdesk.core.refusal import refuse
from helpdesk.core.secret_key import SHORTEST

from .base import *
from .components.env import LARGEST, env, one_of, within
from .guessable import guessable_key, guessable_password

_ADDRESS = urlsplit(PUBLIC_URL)
_AT_HOME = frozenset({"localhost", "127.0.0.1", "::1"})

EMAIL_HOST = env("EMAIL_HOST", default="")
API_DOCS_PUBLIC = env.bool("API_DOCS_PUBLIC", default=False)
# What customers wrote shall not be one learned password away.
ADMIN_TOTP = env("ADMIN_TOTP", cast=one_of("off", "optional", "required"), default="required")

# Whether a request came by HTTPS is what a trusted proxy says (TRUSTED_PROXIES). Who watches over the process asks it
# without one.
SECURE_SSL_REDIRECT = True
SECURE_REDIRECT_EXEMPT = [r"^(health|healthz|readyz)/?$"]
SECURE_HSTS_SECONDS = env("HSTS_SECONDS", cast=within(0, LARGEST), default=31_536_000)
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_REFERRER_POLICY = "same-origin"
SILENCED_SYSTEM_CHECKS = [
    *SILENCED_SYSTEM_CHECKS,  # of components/admin.py
    # The API takes no cookies, so nobody can be made to send one. The pages say themselves who may frame them.
    "security.W002",
    "security.W003",
    # Preloading is a promise for a whole domain that cannot be taken back: no single service makes it.
    "security.W021",
]

# No network of one's own is wider: 10.0.0.0/8, fc00::/7.
_WIDEST = {4: 8, 6: 7}
_DATABASE_PASSWORD = DATABASES["default"]["PASSWORD"]
_REDIS_PASSWORDS = [password_in(url) for url in (REDIS_URL, CHANNELS_REDIS_URL, CELERY_BROKER_URL)]
_MAKE_ONE = "Make one: python manage.py generate_secret_key"

_REFUSED = (
    (
        env.bool("DJANGO_DEBUG", default=False),
        "DJANGO_DEBUG is on, which shows code and settings to strangers. Remove it.",
    ),
    (
        bool(SECRET_KEY) and guessable_key(SECRET_KEY),
        f"DJANGO_SECRET_KEY has less than {SHORTEST} characters, few different ones, or is well known. {_MAKE_ONE}",
    ),
    (
        any(map(guessable_key, SECRET_KEY_FALLBACKS)),
        "DJANGO_SECRET_KEY_FALLBACKS holds a key that could not be DJANGO_SECRET_KEY. Take it out.",
    ),
    (not ALLOWED_HOSTS, "DJANGO_ALLOWED_HOSTS is not set. Name the hosts that people reach the service at."),
    ("*" in ALLOWED_HOSTS, "DJANGO_ALLOWED_HOSTS allows every host. Name those that people reach the service at."),
    (
        not _DATABASE_PASSWORD.strip(),
        "There is no password for PostgreSQL. Set POSTGRES_PASSWORD, or a DATABASE_URL that has one.",
    ),
    (
        guessable_password(_DATABASE_PASSWORD),
        f"The password for PostgreSQL is well known or a placeholder. {_MAKE_ONE}",
    ),
    (
        any(map(guessable_password, _REDIS_PASSWORDS)),
        f"The password for Redis is well known or a placeholder. {_MAKE_ONE}",
    ),
    (
        guessable_password(EMAIL_HOST_PASSWORD),
        "EMAIL_HOST_PASSWORD is well known or a placeholder. Set the one that your mail server gave you.",
    ),
    (
        not EMAIL_HOST.strip(),
        "EMAIL_HOST is not set, so no e-mail would leave. Name your mail server, be it localhost.",
    ),
    (
        _ADDRESS.scheme != "https" or not _ADDRESS.hostname,
        "PUBLIC_URL is not an address with https://. Set the one that people reach the service at.",
    ),
    (
        any(network.prefixlen < _WIDEST[network.version] for network in TRUSTED_PROXIES),
        "TRUSTED_PROXIES is everybody, and so each client could say who it is. Name your proxy alone.",
    ),
    (
        any(
            value.startswith("http://")
            for entry in SOCIAL_PROVIDERS.values()
            for name, value in entry.items()
            if name.endswith("_url")
        ),
        "An address of Google or Facebook begins with http://: whoever listens could sign in as anybody. Use https://.",
    ),
    (not RATE_LIMIT_ENABLED, "RATE_LIMIT_ENABLED is false, which is for tests and benchmarks. Remove it."),
)
refuse([*env.problems, *(problem for refused, problem in _REFUSED if refused)])

_DOUBTED = (
    ("W001", _ADDRESS.hostname in _AT_HOME, "PUBLIC_URL is this machine: links in e-mails lead nobody else here."),
    (
        "W002",
        EMAIL_HOST_PASSWORD and not EMAIL_USE_TLS and EMAIL_HOST not in _AT_HOME,
        "EMAIL_USE_TLS is false: the password for the mail server travels in the clear.",
    ),
    ("W003", "@example.com" in DEFAULT_FROM_EMAIL, "DEFAULT_FROM_EMAIL is an example: nobody accepts mail from there."),
    (
        "W004",
        not TRUSTED_PROXIES,
        "TRUSTED_PROXIES is empty: what comes through a proxy looks like plain HTTP, and is redirected for ever.",
    ),
    ("W005", ADMIN_TOTP == "off", "ADMIN_TOTP is off: who learns an admin's password has the admin, and all in it."),
)


@checks.register(checks.Tags.security, deploy=True)
def doubts(**_options: object) -> list[checks.CheckMessage]:
    """What may be meant is no reason to refuse: `manage.py check --deploy` tells it."""
    return [checks.Warning(text, id=f"helpdesk.{number}") for number, doubted, text in _DOUBTED if doubted]
