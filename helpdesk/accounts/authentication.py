"""`Authorization: Bearer <access token>`; no cookie is ever read."""

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from helpdesk.accounts import tokens
from helpdesk.accounts.models import Session, User
from helpdesk.accounts.operations.admission import admit
from helpdesk.api import event_cursors
from helpdesk.events.cursors import Cursor

_PARTS = 2


class JWTAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[User, tokens.AccessClaims] | None:
        header = get_authorization_header(request).split()
        if not header or header[0].lower() != b"bearer":
            return None
        if len(header) != _PARTS:
            raise _refused(tokens.InvalidToken())
        session, claims = self.admitted(header[1])
        # Read before any data is, and at no cost: whoever got a page goes on from here, and misses nothing.
        event_cursors.note(request, str(Cursor(position=session.head, at=timezone.now())))
        return session.user, claims

    def admitted(self, token: bytes) -> tuple[Session, tokens.AccessClaims]:
        try:
            claims = tokens.read_access(token.decode("ascii"))
            return admit(claims, now=timezone.now()), claims
        except tokens.InvalidToken as refusal:
            raise _refused(refusal) from None
        except UnicodeError:
            raise _refused(tokens.InvalidToken()) from None

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002
        return 'Bearer realm="api"'


def _refused(refusal: tokens.InvalidToken) -> AuthenticationFailed:
    return AuthenticationFailed(str(refusal.detail), code=refusal.code)
