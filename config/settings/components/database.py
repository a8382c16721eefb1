"""PostgreSQL: one pool a process, bounded waits, checked connections."""

from urllib.parse import parse_qs, unquote, urlsplit

from .env import env

_url = urlsplit(env("DATABASE_URL", default="postgresql:///helpdesk"))
_query = {key: values[-1] for key, values in parse_qs(_url.query).items()}

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(_url.path.lstrip("/")),
        "USER": unquote(_url.username or "") or _query.pop("user", ""),
        "PASSWORD": unquote(_url.password or "") or _query.pop("password", ""),
        "HOST": _url.hostname or _query.pop("host", ""),
        "PORT": str(_url.port or _query.pop("port", "")),
        # The pool keeps connections, not the thread: under ASGI a request's thread ends with the request.
        "CONN_MAX_AGE": 0,
        # A restarted PostgreSQL leaves dead connections in the pool: they are found before use.
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            **_query,
            "connect_timeout": 3,
            # A hung server is given up on, instead of held for two hours (Linux; ignored on a Unix socket).
            "tcp_user_timeout": 5_000,
            "options": (
                f"-c statement_timeout={env.int('DATABASE_STATEMENT_TIMEOUT_MS', default=30_000)}"
                f" -c lock_timeout={env.int('DATABASE_LOCK_TIMEOUT_MS', default=10_000)}"
                " -c timezone=UTC"
            ),
            "pool": {
                "min_size": 1,
                "max_size": env.int("DATABASE_POOL_SIZE", default=10),
                "timeout": 5,
            },
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
