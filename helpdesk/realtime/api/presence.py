"""`GET /api/presence/`: who of those whom one may write to is online."""

from datetime import datetime
from typing import Any, ClassVar, Final

from django.db.models import DateTimeField, Max, OuterRef, Subquery
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from helpdesk.accounts.api.caller import caller
from helpdesk.accounts.models import Session, User
from helpdesk.api.schema import problem, refusals
from helpdesk.api.views import ApiView
from helpdesk.core.integers import LARGEST_INTEGER
from helpdesk.events.shapes import MOMENT, TRUTH, nullable, record
from helpdesk.realtime import presence
from helpdesk.realtime.presence import Sight

MOST: Final = 100
_DIGITS: Final = len(str(LARGEST_INTEGER))
_LONGEST: Final = MOST * (_DIGITS + 1) * 2


class PresenceQuery(serializers.Serializer):
    users = serializers.CharField(
        max_length=_LONGEST,
        help_text="Up to 100 ids of users, separated by commas. Whom one may not write to is left out.",
    )

    def validate_users(self, value: str) -> list[int]:
        texts = [text.strip() for text in value.split(",")]
        if not all(text.isascii() and text.isdigit() for text in texts):
            raise serializers.ValidationError(_("Write ids of users, separated by commas."), code="invalid")
        if len(texts) > MOST:
            message = _("Ask for at most %(most)d users.") % {"most": MOST}
            raise serializers.ValidationError(message, code="max_length")
        # An id that is too large for one is nobody's.
        return sorted({int(text) for text in texts if len(text.lstrip("0")) <= _DIGITS})


# By the id of the user. `last_seen` is now, while online; null: never.
_SIGHTS: Final = {"type": "object", "additionalProperties": record(online=TRUTH, last_seen=nullable(MOMENT))}
_ANSWER: Final = {
    "1": {"online": True, "last_seen": "2026-11-20T10:02:00.120000Z"},
    "2": {"online": False, "last_seen": "2026-11-20T08:45:12Z"},
}
_TOO_MANY: Final = problem(
    400,
    "invalid",
    "Some fields are wrong.",
    errors=[{"field": "users", "code": "max_length", "message": "Ask for at most 100 users."}],
)


class PresenceView(ApiView):
    permissions: ClassVar[dict[str, str | None]] = {"get": None}

    @extend_schema(
        summary="Read who is online",
        description=(
            "Of these users, those whom the caller may write to: for agents everybody, for customers agents. All "
            "others are left out, whether they exist or not. Online is who has a socket open, on any device."
        ),
        parameters=[PresenceQuery],
        responses={
            200: OpenApiResponse(
                _SIGHTS,
                examples=[OpenApiExample("One is here, one was", value=_ANSWER)],
            )
        }
        | refusals(_TOO_MANY),
        operation_id="presence_retrieve",
    )
    def get(self, request: Request) -> Response:
        query = PresenceQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        used = _last_used(caller(request), query.validated_data["users"])
        sights, now = presence.look(list(used)), timezone.now()
        return Response({str(pk): _values(sights[pk], used[pk], now=now) for pk in used})


def _last_used(user: User, user_ids: list[int]) -> dict[int, datetime | None]:
    """Whom of them the user may write to, and when they last signed in or renewed a session.

    Not when they last used one: writing an internal note does that, and customers must not notice.
    """
    newest = Session.objects.filter(user=OuterRef("pk")).order_by().values("user").annotate(at=Max("refreshed_at"))
    used = Subquery(newest.values("at"), output_field=DateTimeField())
    people = User.objects.reachable_by(user).filter(pk__in=[pk for pk in user_ids if pk <= LARGEST_INTEGER])
    return dict(people.annotate(used=used).order_by("pk").values_list("pk", "used"))


def _values(sight: Sight, used: datetime | None, *, now: datetime) -> dict[str, Any]:
    if sight.online:
        return {"online": True, "last_seen": now}
    return {"online": False, "last_seen": max((at for at in (sight.last_seen, used) if at), default=None)}
