"""PostgreSQL: one pool a process, bounded waits, checked connections."""

from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from .env import LARGEST, address, env, port, within


def _by_url(url: str) -> dict[str, Any]:
    """What the query holds besides is an option of libpq, such as `sslmode`."""
    parts = urlsplit(url)
    query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    return {
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or "") or query.pop("user", ""),
        "PASSWORD": unquote(parts.password or "") or query.pop("password", ""),
        "HOST": parts.hostname or query.pop("host", ""),
        "PORT": str(parts.port or query.pop("port", "")),
        "OPTIONS": query,
    }


def _by_parts() -> dict[str, Any]:
    """By the variables of the postgres image, with its defaults: one file with the password serves both."""
    user = env("POSTGRES_USER", default="postgres")
    return {
        "NAME": env("POSTGRES_DB", default="") or user,
        "USER": user,
        "PASSWORD": env("POSTGRES_PASSWORD", default=""),
        "HOST": env("POSTGRES_HOST", default="postgres"),
        "PORT": str(env("POSTGRES_PORT", cast=port, default="")),
        "OPTIONS": {},
    }


_url, _parts = env("DATABASE_URL", cast=address("postgresql", "postgres"), default=None), _by_parts()
_address = _parts if _parts["PASSWORD"] and not _url else _by_url(_url or "postgresql:///helpdesk")

DATABASES = {
    "default": {
        **_address,
        "ENGINE": "helpdesk.core.postgresql",
        # The pool keeps connections, not the thread: under ASGI a request's thread ends with the request.
        "CONN_MAX_AGE": 0,
        # A restarted PostgreSQL leaves dead connections in the pool: they are found before use, and all at once.
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            **_address["OPTIONS"],
            "connect_timeout": 3,
            # A hung server is given up on, instead of held for two hours (Linux; ignored on a Unix socket).
            "tcp_user_timeout": 5_000,
            "options": (
                f"-c statement_timeout={env('DATABASE_STATEMENT_TIMEOUT_MS', cast=within(0, LARGEST), default=30_000)}"
                f" -c lock_timeout={env('DATABASE_LOCK_TIMEOUT_MS', cast=within(0, LARGEST), default=10_000)}"
                # A page of twenty rows is no work for several: to start them costs more than they save.
                " -c max_parallel_workers_per_gather=0"
                " -c timezone=UTC"
            ),
            "pool": {
                "min_size": 1,
                "max_size": env("DATABASE_POOL_SIZE", cast=within(1, 1000), default=10),
                "timeout": 5,
            },
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
