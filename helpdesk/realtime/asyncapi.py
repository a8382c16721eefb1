"""The AsyncAPI 3 description of the socket, made from the declarations of events and frames."""

from typing import Any, Final

from helpdesk.events.catalogue import hearers, readers, schema_of
from helpdesk.events.declaration import EVENT_TYPES
from helpdesk.events.examples import example, told
from helpdesk.realtime.handshake import SUBPROTOCOL
from helpdesk.realtime.protocol import CLIENT, SERVER, Frame

_CHANNEL: Final = "notifications"
_ABOUT: Final = (
    "What happens, as it happens. Keep the cursor of the last frame and open the next socket with `after`: nothing is "
    "missed, and everything is in order. Members and types that you do not know are to be ignored."
)


def document(*, title: str, version: str) -> dict[str, Any]:
    events = {name: _event(name) for name in EVENT_TYPES}
    said = {f"server.{name}": _message(name, frame) for name, frame in SERVER.items()}
    heard = {f"client.{name}": _message(name, frame) for name, frame in CLIENT.items()}
    messages = {f"event.{name}": message for name, message in events.items()} | said | heard
    return {
        "asyncapi": "3.0.0",
        "info": {"title": title, "version": version, "description": _ABOUT},
        "servers": _SERVERS,
        "defaultContentType": "application/json",
        "channels": {_CHANNEL: _channel(messages)},
        "operations": {
            "hear": _operation("send", "Hear what happens.", [name for name in messages if name not in heard]),
            "say": _operation("receive", "Say something; all of it is optional.", list(heard)),
        },
        "components": {"messages": messages, "securitySchemes": _SECURITY},
    }


def _event(name: str) -> dict[str, Any]:
    event_type = EVENT_TYPES[name]
    event = example(event_type)
    return {
        "name": name,
        "title": event.message,
        "description": f"Seen by: {readers(event)}. Pushed to: {hearers(event)}.",
        "payload": schema_of(event_type),
        "examples": [{"payload": told(event_type)}],
    }


def _message(name: str, frame: Frame) -> dict[str, Any]:
    return {
        "name": name,
        "summary": frame.says,
        "payload": frame.shape,
        "examples": [{"payload": frame.example}],
    }


def _channel(messages: dict[str, Any]) -> dict[str, Any]:
    text = {"type": "string"}
    return {
        "address": "/ws/notifications/",
        "description": f"Offer the subprotocols `{SUBPROTOCOL}` and `bearer.<access token>`.",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
        "bindings": {
            "ws": {
                "method": "GET",
                "query": {
                    "type": "object",
                    "properties": {
                        "after": text | {"description": "The cursor after which to go on."},
                        "ticket": text | {"description": "A one-time ticket of POST /api/auth/ws-ticket/."},
                        "token": text | {"description": "An access token, where nothing else can be sent."},
                        "v": {"const": "1", "description": "Speak the protocol without the subprotocol."},
                    },
                },
                "bindingVersion": "0.1.0",
            }
        },
    }


def _operation(action: str, summary: str, names: list[str]) -> dict[str, Any]:
    channel = f"#/channels/{_CHANNEL}"
    return {
        "action": action,
        "summary": summary,
        "channel": {"$ref": channel},
        "messages": [{"$ref": f"{channel}/messages/{name}"} for name in names],
        "security": [{"$ref": f"#/components/securitySchemes/{name}"} for name in _SECURITY],
    }


# The document is the same wherever it is served, so that its committed copy can be compared: it names no deployment.
_SERVERS: Final = {
    "deployed": {
        "host": "{host}",
        "protocol": "wss",
        "description": "A deployment.",
        "variables": {"host": {"default": "helpdesk.example.com", "description": "As in `PUBLIC_URL`."}},
    },
    "local": {
        "host": "127.0.0.1:{port}",
        "protocol": "ws",
        "description": "What `./run` starts.",
        "variables": {"port": {"default": "8000", "description": "As in `PORT`."}},
    },
}
_SECURITY: Final = {
    "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    "ticket": {"type": "httpApiKey", "name": "ticket", "in": "query"},
    "token": {"type": "httpApiKey", "name": "token", "in": "query"},
}
