"""`/api/asyncapi.json`, and the catalogue of events and frames for people: `/api/docs/events/`."""

from functools import lru_cache
from typing import Any, ClassVar, NamedTuple

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from helpdesk.api.docs import page
from helpdesk.api.views import ApiView
from helpdesk.events.catalogue import hearers, readers, schema_of
from helpdesk.events.declaration import EVENT_TYPES
from helpdesk.events.examples import example, told
from helpdesk.events.shapes import Shape
from helpdesk.realtime.asyncapi import document
from helpdesk.realtime.protocol import CLIENT, SERVER, Frame


@lru_cache(maxsize=1)
def rendered() -> bytes:
    """It changes with the program only."""
    about: dict[str, Any] = settings.SPECTACULAR_SETTINGS
    return orjson.dumps(document(title=about["TITLE"], version=about["VERSION"]), option=orjson.OPT_INDENT_2) + b"\n"


class AsyncApiView(ApiView):
    limited = False
    permissions: ClassVar[dict[str, str | None]] = {"get": None}

    def __init__(self, **initkwargs: Any) -> None:
        super().__init__(**initkwargs)
        self.public = settings.API_DOCS_PUBLIC

    @extend_schema(exclude=True)
    def get(self, _request: Request) -> HttpResponse:
        return HttpResponse(rendered(), content_type="application/json")


class Entry(NamedTuple):
    """A type as the page shows it. Frames are no events: they have neither readers nor hearers."""

    name: str
    says: str
    example: str
    schema: str
    members: list[str]
    readers: str = ""
    hearers: str = ""
    echoed: bool = True


@require_safe
def events(request: HttpRequest) -> HttpResponse:
    groups = {
        "Events": [_event(name) for name in EVENT_TYPES],
        "Other frames of the server": [_frame(name, frame) for name, frame in SERVER.items()],
        "Frames of clients": [_frame(name, frame) for name, frame in CLIENT.items()],
    }
    return page(request, "docs/events.html", groups=groups, asyncapi_url=reverse("asyncapi"))


def _event(name: str) -> Entry:
    event_type = EVENT_TYPES[name]
    event, schema = example(event_type), schema_of(event_type)
    return Entry(
        name,
        event.message,
        _json(told(event_type)),
        _json(schema),
        _members(schema),
        readers(event),
        hearers(event),
        event_type.echoed,
    )


def _frame(name: str, frame: Frame) -> Entry:
    return Entry(name, frame.says, _json(frame.example), _json(frame.shape), _members(frame.shape))


def _members(schema: Shape) -> list[str]:
    return [name for name in schema["properties"] if name != "type"]


def _json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
