"""Structured lines on standard error: JSON for machines, or aligned for people (`LOG_FORMAT=console`)."""

from typing import Any

import structlog

from helpdesk.core.redaction import redact

from .env import env, one_of

LOG_FORMAT = env("LOG_FORMAT", cast=one_of("json", "console"), default="json")
_LEVEL = one_of("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
LOG_LEVEL = env("LOG_LEVEL", cast=lambda text: _LEVEL(text.upper()), default="INFO")

_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
_PARTING = structlog.stdlib.ProcessorFormatter.remove_processors_meta

structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        *_SHARED,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": structlog.stdlib.ProcessorFormatter,
            "foreign_pre_chain": _SHARED,
            # Tracebacks become text first: a secret in an error's message is a secret too.
            "processors": [
                _PARTING,
                structlog.processors.format_exc_info,
                redact,
                structlog.processors.JSONRenderer(),
            ],
        },
        "console": {
            "()": structlog.stdlib.ProcessorFormatter,
            "foreign_pre_chain": _SHARED,
            "processors": [
                _PARTING,
                structlog.processors.format_exc_info,
                redact,
                structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0),
            ],
        },
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        # Every request has its line already; only what nobody foresaw is worth another.
        "django": {"handlers": [], "level": LOG_LEVEL, "propagate": True},
        "django.request": {"level": "ERROR"},
        "django.security": {"level": "CRITICAL"},
        "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
        "daphne": {"level": "WARNING"},
        # A line for each question to a provider, with its whole address: some questions hold tokens.
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
        # The same traceback every second of an outage; who publishes says it once: `channel_layer_down`.
        "channels_redis.pubsub": {"level": "CRITICAL"},
    },
}
