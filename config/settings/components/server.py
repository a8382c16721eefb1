"""How the web server takes requests, and how it ends."""

from .database import DATABASES
from .env import LARGEST, env, within

# Requests that are worked on at once; the others wait for their turn. Some need no connection to the database, or only
# for a part of their time: so there are more of them than of connections.
_POOL = DATABASES["default"]["OPTIONS"]["pool"]["max_size"]
REQUESTS_AT_ONCE = env("REQUESTS_AT_ONCE", cast=within(1, LARGEST), default=4 * _POOL)
# How long what has begun may take when the process is asked to end. The container must wait longer: stop_grace_period.
DRAIN_SECONDS = env("DRAIN_SECONDS", cast=within(0, 3600, float), default=25)
# How long a request's header may take to come. nginx has such a limit, too.
REQUEST_HEADER_SECONDS = env("REQUEST_HEADER_SECONDS", cast=within(0.1, 3600, float), default=15)
