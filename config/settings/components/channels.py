"""The channel layer: a wake-up between processes, never the truth."""

from .env import env

CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {
            "hosts": [
                {
                    "address": env("CHANNELS_REDIS_URL", default="redis://redis:6379/1"),
                    # The layer blocks for 5 s, redis-py gives up after 5 s: idle sockets died after 6.
                    "socket_timeout": 30,
                    "socket_connect_timeout": 0.25,
                    "health_check_interval": 30,
                    # redis-py 8 raises at the hundredth connection.
                    "max_connections": 10_000,
                },
            ],
            "capacity": 1000,
            "expiry": 10,
        },
    },
}
