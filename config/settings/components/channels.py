"""Pages from elsewhere, and the channel layer that wakes the processes that hold sockets (never the truth)."""

from urllib.parse import urlsplit

from .env import env, within
from .redis import CHANNELS_REDIS_URL


def origin(text: str) -> str:
    """As a browser sends it, without the last slash; raises ValueError for a mere name, which no page would match."""
    parts = urlsplit(text)
    if text != "*" and not (parts.scheme and parts.netloc and parts.path in {"", "/"}):
        raise ValueError
    return text.rstrip("/").lower()


# Web pages that may use the API, and open a socket, besides those of its own host: "https://app.example.com", or "*".
ALLOWED_ORIGINS = env.list("ALLOWED_ORIGINS", cast=origin, default=[])

CHANNEL_LAYERS = {
    "default": {
        # Publishing is one round trip, and nothing stays behind in Redis. What gets lost is found by the hubs' poll.
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {
            "hosts": [
                {
                    "address": CHANNELS_REDIS_URL,
                    "socket_connect_timeout": 0.25,
                    # Finds out about a connection that died without a word.
                    "health_check_interval": 30,
                },
            ],
        },
    },
}

# A process names its sockets again in a third of this. Of one that was killed, people count as online no longer.
# A second is needed to find that out, and a minute is promised.
PRESENCE_SECONDS = env("PRESENCE_SECONDS", cast=within(1, 55, float), default=45)
