"""Every socket path on one screen. The last slash may be missing."""

from helpdesk.realtime.asgi import Receive, Scope, Send
from helpdesk.realtime.socket import no_such_path, notifications

PATHS = {
    "/ws/notifications": notifications,
}


async def websocket_application(scope: Scope, receive: Receive, send: Send) -> None:
    await PATHS.get(scope["path"].removesuffix("/"), no_such_path)(scope, receive, send)
