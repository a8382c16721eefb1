"""`GET /api/events/`: the stream, for those who come back for what they missed."""

from typing import Any, ClassVar, Final

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from helpdesk.api.schema import problem, refusals
from helpdesk.api.views import ApiView
from helpdesk.core.integers import LARGEST_INTEGER
from helpdesk.events.api.waiting import A_USER, LONGEST, Again, Door, TooManyWaiting, Wish, door_of
from helpdesk.events.cursors import read_cursor
from helpdesk.events.declaration import EVENT_TYPES
from helpdesk.events.queries import StreamPage, stream_page
from helpdesk.events.shapes import TEXT


class StreamQuery(serializers.Serializer):
    after = serializers.CharField(
        default="", allow_blank=True, max_length=200, help_text="A cursor; without it: from now."
    )
    types = serializers.CharField(default="", allow_blank=True, help_text="Only these types, separated by commas.")
    ticket = serializers.IntegerField(required=False, min_value=-LARGEST_INTEGER, max_value=LARGEST_INTEGER)
    limit = serializers.IntegerField(default=100, min_value=1, max_value=500)
    wait = serializers.IntegerField(
        default=0,
        min_value=0,
        max_value=LONGEST,
        help_text="For so many seconds, wait for an event if there is none yet.",
    )

    def validate_types(self, value: str) -> list[str]:
        types = value.split(",") if value else []
        unknown = [name for name in types if name not in EVENT_TYPES]
        if unknown:
            message = _("“%(name)s” is no event type.") % {"name": unknown[0]}
            raise serializers.ValidationError(message, code="invalid_choice")
        return types


@extend_schema_field({"anyOf": [TEXT, {"type": "object"}]})
class SentenceField(serializers.Field):
    """In English; events of chats tell of a message in its place."""


class EventOutput(serializers.Serializer):
    """Besides these, the type's own members (`ticket`, `comment`, `changes`): see `/api/asyncapi.json`."""

    type = serializers.CharField()
    id = serializers.IntegerField()
    cursor = serializers.CharField()
    occurred_at = serializers.DateTimeField()
    actor = serializers.CharField(allow_null=True)
    message = SentenceField()


_EVENT: Final = {
    "type": "status_changed",
    "id": 918,
    "cursor": "OTE4LjE3OTUxNjg5MjA",
    "occurred_at": "2026-11-20T10:02:00Z",
    "actor": "agent_1",
    "ticket": {"id": 7, "title": "The printer is on fire", "old_status": "open", "new_status": "in_progress"},
    "message": "Ticket #7 status changed to In Progress",
}
_PAGE: Final = {"results": [_EVENT], "next": "OTE4LjE3OTUxNjg5MjA", "head": "OTIxLjE3OTUxNjkwMDA"}
_EXPIRED: Final = problem(410, "cursor_expired", "This cursor is older than 30 days. Reload, and go on from a new one.")
_TOO_MANY: Final = problem(
    409, "too_many_waiting", "Too many of your requests wait for events. End some, or use one socket."
)
_NO_TYPE: Final = problem(
    400,
    "invalid",
    "Some fields are wrong.",
    errors=[{"field": "types", "code": "invalid_choice", "message": "“melted” is no event type."}],
)


@extend_schema_serializer(examples=[OpenApiExample("One event, and more to come", value=_PAGE)])
class StreamOutput(serializers.Serializer):
    results = EventOutput(many=True)
    next = serializers.CharField(help_text="Ask with it as `after` for what comes then.")
    head = serializers.CharField(help_text="Where the stream ends now.")


class EventsView(ApiView):
    permissions: ClassVar[dict[str, str | None]] = {"get": None}

    @extend_schema(
        summary="Read what happened",
        description=(
            "All that the caller may see after the cursor: oldest first, at least once, in one total order, without "
            "gaps. Without a cursor: from now. With `wait`, a request that finds nothing is answered as soon as there "
            f"is something, or without events when the time is over. Up to {A_USER} of one person's may wait."
        ),
        parameters=[StreamQuery],
        responses={200: StreamOutput} | refusals(_NO_TYPE, _TOO_MANY, _EXPIRED),
        operation_id="events_list",
    )
    def get(self, request: Request) -> Response:
        query = StreamQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        values: dict[str, Any] = query.validated_data
        now = timezone.now()
        reader: Any = request.user
        after = read_cursor(values["after"], now=now) if values["after"] else None
        page = stream_page(
            user=reader,
            after_cursor=after,
            types=values["types"],
            ticket_id=values.get("ticket"),
            limit=values["limit"],
            now=now,
        )
        if values["wait"] and request.method == "GET" and not page.records:
            self._wait(request, values, page)
        return Response(page.as_dict())

    def _charge(self, request: Request) -> None:
        if not isinstance(door_of(request), Again):
            super()._charge(request)

    def _wait(self, request: Request, values: dict[str, Any], page: StreamPage) -> None:
        """The answer is held back until there is something to say, where somebody can hold it."""
        door = door_of(request)
        if door is Again.REFUSE:
            raise TooManyWaiting
        if isinstance(door, Door):
            door.wish = Wish(
                claims=request.auth,
                after=page.head.position,
                at=page.at,
                types=frozenset(values["types"]),
                ticket_id=values.get("ticket"),
                limit=values["limit"],
                seconds=values["wait"],
            )
