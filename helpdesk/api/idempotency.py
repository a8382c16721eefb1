"""A POST that is sent again does nothing again: it gets the answer that it had the first time.

The answer is a row that commits with what the POST did. So whoever has lost it, because the network broke or the
server died after the commit, asks again with the same `Idempotency-Key` and finds it; and nobody finds an answer to
something that did not happen. Only success is kept: what was refused may be tried again.
"""

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from django.conf import settings
from django.db import connection, transaction
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from helpdesk.api.models import IdempotencyKey
from helpdesk.core.errors import Conflict, FieldError, Invalid, Unprocessable

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotent-Replayed"
KEPT: Final = timedelta(hours=24)
# Signing in and out has its own ways to bear repetition, and its answers are not for keeping.
OUTSIDE: Final = "auth/"
LONGEST: Final = 255
PATTERN: Final = r"^[!-~]([ -~]{0,253}[!-~])?$"
_SANE: Final = re.compile(rf"[ -~]{{1,{LONGEST}}}")
_PREFIX: Final = re.compile(r"^api/(v1/)?")
_PARAMETER: Final = re.compile(r"<(?:\w+:)?(\w+)>")
# Of the request that is answered, not of what it did.
_NOT_KEPT: Final = frozenset({"RateLimit", "RateLimit-Policy"})
_BATCH: Final = 1000

Handler = Callable[..., Any]


class NotAKey(Invalid):
    code = "invalid_idempotency_key"

    def __init__(self) -> None:
        message = _("An idempotency key has 1 to 255 printable ASCII characters.")
        super().__init__(message, errors=[FieldError(HEADER, self.code, message)])


class KeyInUse(Conflict):
    code = "idempotency_key_in_use"
    retry_after = 1

    def __init__(self) -> None:
        super().__init__(_("The first request with this key is still being answered. Try again in a moment."))


class KeyReused(Unprocessable):
    code = "idempotency_key_reused"

    def __init__(self) -> None:
        super().__init__(_("This key was used for another request. Take a new one."))


def applies(request: Request) -> bool:
    """Whether the caller asks for it, where it can be asked for."""
    return request.method == "POST" and HEADER in request.headers and not _route(request).startswith(OUTSIDE)


def once(view: Any, handler: Handler, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
    """The handler's answer, or the one that it gave to the same request before."""
    key = request.headers[HEADER]
    if not _SANE.fullmatch(key):
        raise NotAKey
    place = {"user_id": request.user.pk, "route": _route(request), "key": key}
    _read_ahead(request)
    with transaction.atomic():
        if not _take(place):
            raise KeyInUse
        # A statement of its own, after the lock: its snapshot has what the holder before us has committed.
        kept = IdempotencyKey.objects.filter(**place, created_at__gt=timezone.now() - KEPT).first()
        if kept is not None:
            return _replay(kept, view, request)
        response: HttpResponse = _rendered(view, request, handler(request, *args, **kwargs))
        if _succeeded(response):
            _keep(response, place, fingerprint=_fingerprint(request))
        else:
            transaction.set_rollback(True)
    return response


def prune(*, now: datetime) -> int:
    """Forget what is older than a day; return how many answers that were."""
    pruned = 0
    while True:
        old = IdempotencyKey.objects.filter(created_at__lte=now - KEPT).order_by("created_at").values("pk")[:_BATCH]
        deleted, _by_model = IdempotencyKey.objects.filter(pk__in=list(old.values_list("pk", flat=True))).delete()
        pruned += deleted
        if deleted < _BATCH:
            return pruned


def _route(request: Request) -> str:
    """`tickets/7/close/`: the same under either prefix, however the id was written."""
    match = request.resolver_match
    assert match is not None
    pattern = _PREFIX.sub("", match.route)
    return _PARAMETER.sub(lambda parameter: str(match.kwargs[parameter[1]]), pattern)


def _take(place: dict[str, Any]) -> bool:
    """One request at a time; the lock is let go with the transaction, whatever becomes of it or of this process."""
    name = sha256(json.dumps(place, sort_keys=True).encode()).digest()[:8]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [int.from_bytes(name, signed=True)])
        taken: bool = cursor.fetchone()[0]
    return taken


def _rendered(view: Any, request: Request, response: Any) -> Any:
    """As it goes out: the bytes must be there before the commit."""
    response = view.finalize_response(request, response)
    return response.render() if isinstance(response, Response) else response


def _succeeded(response: HttpResponse) -> bool:
    return 200 <= response.status_code < 300  # noqa: PLR2004 - what is called success


def _keep(response: HttpResponse, place: dict[str, Any], *, fingerprint: str) -> None:
    row = IdempotencyKey(
        **place,
        fingerprint=fingerprint,
        status=response.status_code,
        headers={name: value for name, value in response.headers.items() if name not in _NOT_KEPT},
        body=response.content,
        created_at=timezone.now(),
    )
    # One that is too old to count, and not yet pruned, makes room.
    IdempotencyKey.objects.bulk_create(
        [row],
        update_conflicts=True,
        unique_fields=["user_id", "route", "key"],
        update_fields=["fingerprint", "status", "headers", "body", "created_at"],
    )


def _replay(kept: IdempotencyKey, view: Any, request: Request) -> HttpResponse:
    if kept.fingerprint != _fingerprint(request):
        raise KeyReused
    # It was asked when the answer was given, and the fingerprint says that the role is still the same.
    view.role_was_asked = True
    return HttpResponse(bytes(kept.body), status=kept.status, headers={**kept.headers, REPLAYED: "true"})


# --- what was asked --------------------------------------------------------------------------------------------------


def _fingerprint(request: Request) -> str:
    """Of what was sent and of what its sender may see: who has become somebody else has asked something else."""
    user: Any = request.user
    said = _parts(request) if _is_multipart(request) else request.body
    return sha256(user.scope.encode() + b"\n" + said).hexdigest()


def _is_multipart(request: Request) -> bool:
    return request.content_type.partition(";")[0].strip().lower() == "multipart/form-data"


def _read_ahead(request: Request) -> None:
    """Keep the bytes, which the parser would use up. One too many makes the parser refuse them, when it is its turn.

    A multipart body is left to its parser: it may be large, and is told by what its parts are, not by the boundary
    between them.
    """
    if not _is_multipart(request):
        http_request: Any = request._request  # noqa: SLF001 - DRF documents it
        http_request._body = http_request.read(settings.API_MAX_BODY_BYTES + 1)  # noqa: SLF001 - as Django's `body` does


def _parts(request: Request) -> bytes:
    values = [[name, texts] for name, texts in request.POST.lists()]
    files = [
        [name, [[file.name, file.content_type, _digest(file)] for file in files]]
        for name, files in request.FILES.lists()
    ]
    return json.dumps([values, files]).encode()


def _digest(file: Any) -> str:
    """A file that knows its own SHA-256 is not read again."""
    known: str | None = getattr(file, "sha256", None)
    if known:
        return known
    digest = sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    return digest.hexdigest()
