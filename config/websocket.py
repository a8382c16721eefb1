"""Every socket path on one screen."""

from channels.routing import URLRouter
from django.urls import re_path

from helpdesk.realtime.socket import no_such_path, notifications

websocket_application = URLRouter(
    [
        re_path(r"^ws/notifications/?\Z", notifications),
        re_path(r"", no_such_path),
    ]
)
