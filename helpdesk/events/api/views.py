"""`GET /api/events/`: the stream, for those who come back for what they missed."""

from typing import Any, ClassVar

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from helpdesk.api.routing import LARGEST_ID
from helpdesk.api.views import ApiView
from helpdesk.events.cursors import read_cursor
from helpdesk.events.declaration import EVENT_TYPES
from helpdesk.events.queries import cursor_of, stream_page


class StreamQuery(serializers.Serializer):
    after = serializers.CharField(required=False, max_length=200, help_text="A cursor; without it: from now.")
    types = serializers.CharField(required=False, help_text="Only these types, separated by commas.")
    ticket = serializers.IntegerField(required=False, min_value=-LARGEST_ID, max_value=LARGEST_ID)
    limit = serializers.IntegerField(default=100, min_value=1, max_value=500)

    def validate_types(self, value: str) -> list[str]:
        types = value.split(",")
        unknown = [name for name in types if name not in EVENT_TYPES]
        if unknown:
            message = _("“%(name)s” is no event type.") % {"name": unknown[0]}
            raise serializers.ValidationError(message, code="invalid_choice")
        return types


class EventOutput(serializers.Serializer):
    """Besides these, the type's own members (`ticket`, `comment`, `changes`)."""

    type = serializers.CharField()
    id = serializers.IntegerField()
    cursor = serializers.CharField()
    occurred_at = serializers.DateTimeField()
    actor = serializers.CharField(allow_null=True)
    message = serializers.CharField()


class StreamOutput(serializers.Serializer):
    results = EventOutput(many=True)
    next = serializers.CharField(help_text="Ask with it as `after` for what comes then.")
    head = serializers.CharField(help_text="Where the stream ends now.")


class EventsView(ApiView):
    permissions: ClassVar[dict[str, str | None]] = {"get": None}

    @extend_schema(parameters=[StreamQuery], responses=StreamOutput, operation_id="events_list")
    def get(self, request: Request) -> Response:
        """What the caller may see after the cursor: oldest first, at least once, in one total order, without gaps."""
        query = StreamQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        values: dict[str, Any] = query.validated_data
        now = timezone.now()
        reader: Any = request.user
        after = read_cursor(values["after"], now=now) if "after" in values else None
        page = stream_page(
            user=reader,
            after_cursor=after,
            types=values.get("types", ()),
            ticket_id=values.get("ticket"),
            limit=values["limit"],
            now=now,
        )
        results = [record.wire(str(cursor_of(record))) for record in page.records]
        return Response({"results": results, "next": str(page.next), "head": str(page.head)})
