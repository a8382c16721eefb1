"""HTTP goes to Django, WebSockets to `websocket.py`."""

import os
from contextlib import suppress

from channels.routing import ProtocolTypeRouter
from django.conf import settings
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
django_application = get_asgi_application()

from config.websocket import websocket_application  # noqa: E402 - models are ready only now
from helpdesk.api import daphne  # noqa: E402
from helpdesk.api.proxies import TrustedProxies  # noqa: E402
from helpdesk.cache import pages  # noqa: E402
from helpdesk.core.redis import RedisDown  # noqa: E402
from helpdesk.demo.guard import refuse_demo_admins  # noqa: E402
from helpdesk.edge.gate import Gate  # noqa: E402

refuse_demo_admins()
daphne.adopt()
# What another release has left in the cache may look another way.
with suppress(RedisDown):
    pages.bump(pages.EVERYONE)

application = TrustedProxies(
    ProtocolTypeRouter(
        {"http": Gate(django_application, at_once=settings.REQUESTS_AT_ONCE), "websocket": websocket_application}
    ),
    settings.TRUSTED_PROXIES,
)
