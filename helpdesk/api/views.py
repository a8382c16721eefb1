"""The base of every view: the checks, in the order that the contract promises.

401 not signed in (unless its address has used up its requests: 429, or the limit would limit nothing), 429, 405,
403 for a route closed to the role, 404, 403 your role may not, 400/413/415 the body, 412, 409.
A query string or an `Idempotency-Key` that is none is 400 before the row is looked for: it says nothing of any row.
"""

from functools import partial
from http import HTTPStatus
from typing import Any, ClassVar, Final

import structlog
from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import APIException, MethodNotAllowed, NotAuthenticated, PermissionDenied, Throttled
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from helpdesk.api import event_cursors, idempotency, preconditions, query_strings
from helpdesk.api.permissions import RolePermission
from helpdesk.limits import addresses, limiter
from helpdesk.limits.limiter import Charge, Fallback

UNKNOWN_LENGTH: Final = "-1"


class Conventions(APIView):
    """What a view declares, and what is done with it.

    `permissions` names for every action what the role must grant, or None where it is enough to be signed in.
    The actions of an APIView are its methods (`get`).
    """

    permissions: ClassVar[dict[str, str | None]] = {}
    route_permission: ClassVar[str | None] = None  # without it the whole route is 403, for every id
    public: bool = False  # signs nobody in; what it is told in `Authorization` is not read
    limited: ClassVar[bool] = True
    limit_fallback: ClassVar[Fallback] = "process"
    text_params: ClassVar[frozenset[str]] = frozenset({"search"})
    # The actions that answer with one row and its version: their answers carry an ETag, and writes take If-Match.
    versioned: ClassVar[frozenset[str]] = frozenset()

    action: str
    charge: Charge | None = None
    role_was_asked = False

    @property
    def about_one_row(self) -> bool:
        return bool(getattr(self, "detail", False))

    def get_authenticators(self) -> list[BaseAuthentication]:
        return [] if self.public else super().get_authenticators()

    def get_permissions(self) -> list[BasePermission]:
        return [] if self.public else [RolePermission()]

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        # A chunked body announces no length, and DRF would take it for no body.
        if "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower():
            request.META.setdefault("CONTENT_LENGTH", UNKNOWN_LENGTH)
        return super().initialize_request(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:  # noqa: ARG002
        self.format_kwarg = self.get_format_suffix(**kwargs)
        request.accepted_renderer, request.accepted_media_type = self.perform_content_negotiation(request)
        request.version, request.versioning_scheme = None, None
        refusal = self._sign_in(request)
        self._charge(request)
        if refusal:
            raise refusal
        self._find_handler(request)
        if request.method != "OPTIONS":
            self._check_route(request.user)
            self.check_permissions(request)
        query_strings.check(request.META.get("QUERY_STRING", ""), texts=self.text_params)
        self._answer_once(request)

    def _sign_in(self, request: Request) -> APIException | None:
        """The 401, to be answered once its request is charged."""
        try:
            self.perform_authentication(request)
        except APIException as refusal:
            return refusal
        if request.user.is_authenticated:
            structlog.contextvars.bind_contextvars(user_id=request.user.pk)
        elif not self.public and request.method != "OPTIONS":  # a browser's preflight carries no token
            return NotAuthenticated()
        return None

    def _charge(self, request: Request) -> None:
        if not (self.limited and settings.RATE_LIMIT_ENABLED):
            return
        if request.user.is_authenticated:
            self.charge = limiter.charge_user(request.user.pk, fallback=self.limit_fallback)
        else:
            address = addresses.origin(request.META)
            self.charge = limiter.charge_address(address, fallback=self.limit_fallback)
        if not self.charge.verdict.allowed:
            raise Throttled(wait=self.charge.verdict.retry_after)

    def _find_handler(self, request: Request) -> None:
        method = str(request.method).lower()
        if method not in self.http_method_names or not hasattr(self, method):
            raise MethodNotAllowed(str(request.method))
        if not getattr(self, "action", None):
            self.action = "get" if method == "head" else method

    def _check_route(self, user: Any) -> None:
        if self.route_permission and not user.may(self.route_permission):
            raise PermissionDenied

    def _answer_once(self, request: Request) -> None:
        if request.user.is_authenticated and idempotency.applies(request):
            method = str(request.method).lower()
            setattr(self, method, partial(idempotency.once, self, getattr(self, method)))

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:  # noqa: ARG002
        return Response(status=204)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        self._demand_role_check(request, response)
        response = super().finalize_response(request, response, *args, **kwargs)
        self._tag(request, response)
        event_cursors.add(response, request)
        response.headers.setdefault("Cache-Control", "private, no-store")
        if self.charge:
            for name, value in self.charge.headers.items():
                response.headers[name] = value
        return response

    def _tag(self, request: Request, response: HttpResponseBase) -> None:
        if isinstance(response, Response) and getattr(self, "action", None) in self.versioned:
            preconditions.tag(response, request)

    def _demand_role_check(self, request: Request, response: HttpResponseBase) -> None:
        """A view about one row that never asked the role would be open to all: it fails in its first test."""
        if request.method == "OPTIONS" or response.status_code >= HTTPStatus.BAD_REQUEST or not self.about_one_row:
            return
        if self.permissions.get(self.action) and not self.role_was_asked:
            raise RuntimeError(f"{type(self).__name__}.{self.action} answered without check_object_permissions")


class ApiView(Conventions):
    """One resource of its own; the actions in `permissions` are its methods."""


class ApiViewSet(Conventions, GenericViewSet):
    """The actions on rows of one kind."""

    lookup_value_converter = "id"

    def page_of(self, queryset: QuerySet[Any, Any]) -> list[Any]:
        """The rows of the page asked for; the paginator is always there."""
        rows = self.paginate_queryset(queryset)
        assert rows is not None
        return rows
