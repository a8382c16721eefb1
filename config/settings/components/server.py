"""How the web server takes requests, and how it ends."""

from .env import env, within

# How long what has begun may take when the process is asked to end. The container must wait longer: stop_grace_period.
DRAIN_SECONDS = env("DRAIN_SECONDS", cast=within(0, 3600, float), default=25)
# How long a request's header may take to come. nginx has such a limit, too.
REQUEST_HEADER_SECONDS = env("REQUEST_HEADER_SECONDS", cast=within(0.1, 3600, float), default=15)
