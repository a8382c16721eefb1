"""Small views that show one convention each, beside the real ones."""

from typing import Any, ClassVar

from django.core import exceptions as django_exceptions
from django.db import DataError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import include, path
from django.views.decorators.http import require_safe
from rest_framework import exceptions as drf
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from config import urls as real
from helpdesk.accounts.models import User
from helpdesk.accounts.roles import Permission
from helpdesk.api.routing import Router
from helpdesk.api.views import ApiView, ApiViewSet
from helpdesk.core import errors as domain
from helpdesk.core.redis import RedisDown


class AlreadyAssigned(domain.Conflict):
    code = "already_assigned"


class Inner(serializers.Serializer):
    size = serializers.IntegerField()


class Outer(serializers.Serializer):
    title = serializers.CharField(max_length=3)
    tags = serializers.ListField(child=serializers.CharField(max_length=3), required=False)
    inner = Inner(required=False)
    items = Inner(many=True, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["title"] == "bad":
            raise serializers.ValidationError("The whole is wrong.", code="whole")
        return attrs


RAISED: dict[str, Any] = {
    "conflict": lambda: AlreadyAssigned("Somebody was faster.", assigned_to=7, status=999),
    "forbidden": lambda: domain.Forbidden("No."),
    "gone": lambda: domain.Gone("Too old."),
    "missing": lambda: domain.NotFound("Ticket 7 is not here."),
    "unauthenticated": lambda: domain.Unauthenticated("Who?"),
    "unavailable": lambda: domain.Unavailable("Later."),
    "fields": lambda: domain.Invalid("Some.", errors=[domain.FieldError("tags.0", "unknown", "No such tag.")]),
    "http404": lambda: Http404("No Ticket matches"),
    "drf404": lambda: drf.NotFound("Invalid page."),
    "denied": lambda: django_exceptions.PermissionDenied("because"),
    "drf_denied": lambda: drf.PermissionDenied("because"),
    "suspicious": lambda: django_exceptions.SuspiciousOperation("because"),
    "too_many_fields": lambda: django_exceptions.TooManyFieldsSent("because"),
    "too_big": lambda: django_exceptions.RequestDataTooBig("because"),
    "django_validation": lambda: django_exceptions.ValidationError({"title": ["Too long."]}, code="x"),
    "operational": lambda: OperationalError("server closed the connection"),
    "interface": lambda: InterfaceError("connection already closed"),
    "data": lambda: DataError("integer out of range"),
    "redis": lambda: RedisDown("resting"),
    "bug": lambda: ZeroDivisionError("secret detail"),
}


def made(name: str) -> Exception:
    error: Exception = RAISED[name]()
    return error


class BoomView(ApiView):
    public = True

    def get(self, _request: Request, name: str) -> Response:
        raise made(name)


class EchoView(ApiView):
    """Answers with what the body was read as."""

    public = True

    def post(self, request: Request) -> Response:
        return Response({"data": request.data})


class ValidatingView(ApiView):
    public = True

    def post(self, request: Request) -> Response:
        outer = Outer(data=request.data)
        outer.is_valid(raise_exception=True)
        return Response(outer.validated_data)


class DoorView(ApiView):
    """Closed to customers as a whole."""

    route_permission = Permission.SEE_USERS
    permissions: ClassVar[dict[str, str | None]] = {"get": None}

    def get(self, _request: Request, pk: int) -> Response:
        return Response({"pk": pk})


class PersonViewSet(ApiViewSet):
    """Customers see themselves, agents everybody; admins edit."""

    permissions: ClassVar[dict[str, str | None]] = {
        "list": None,
        "create": Permission.MANAGE_USERS,
        "retrieve": None,
        "partial_update": Permission.MANAGE_USERS,
        "forgetful": Permission.MANAGE_USERS,
    }

    def get_queryset(self) -> Any:
        people = User.objects.order_by("id")
        return people if self.request.user.may(Permission.SEE_USERS) else people.filter(pk=self.request.user.pk)

    def list(self, _request: Request) -> Response:
        people = self.paginate_queryset(self.get_queryset().values("id", "username"))
        return self.get_paginated_response(people)

    def create(self, request: Request) -> Response:
        return Response(request.data, status=201)

    def retrieve(self, _request: Request, **_path: int) -> Response:
        return Response({"id": self.get_object().pk})

    def partial_update(self, request: Request, **_path: int) -> Response:
        self.get_object()
        if request.data.get("conflict"):
            raise AlreadyAssigned("Somebody was faster.")
        return Response(status=204)

    @action(detail=True, methods=["post"])
    def forgetful(self, _request: Request, **_path: int) -> Response:
        """Never asks the role."""
        return Response()


class UploadView(ApiView):
    """Reads the file to its end, as a real one does."""

    parser_classes = [MultiPartParser]
    permissions: ClassVar[dict[str, str | None]] = {"post": None}

    def post(self, request: Request) -> Response:
        sizes = {name: len(file.read()) for name, file in request.FILES.items()}
        return Response({"sizes": sizes, "by": request.user.pk}, status=201)


class AnsweringView(ApiView):
    """Writes something, and then answers as it is told to, without raising."""

    permissions: ClassVar[dict[str, str | None]] = {"post": None}

    def post(self, request: Request) -> Response:
        User.objects.filter(pk=request.user.pk).update(name="Written")
        return Response(request.data, status=request.data["status"])


@require_safe
def plain(request: HttpRequest) -> HttpResponse:
    return HttpResponse("plain")


@require_safe
def plain_boom(request: HttpRequest, name: str) -> HttpResponse:
    raise made(name)


router = Router()
router.register("people", PersonViewSet, basename="people")

urlpatterns = [
    *real.urlpatterns,
    path("test/boom/<name>/", BoomView.as_view()),
    path("test/echo/", EchoView.as_view()),
    path("test/validating/", ValidatingView.as_view()),
    path("test/doors/<id:pk>/", DoorView.as_view()),
    path("test/upload/", UploadView.as_view()),
    path("test/answering/", AnsweringView.as_view()),
    path("test/plain/", plain),
    path("test/plain-boom/<name>/", plain_boom),
    path("test/", include(router.urls)),
]
handler400, handler403, handler404, handler500 = (
    real.handler400,
    real.handler403,
    real.handler404,
    real.handler500,
)
