"""`Authorization: Bearer <access token>`; no cookie is ever read."""

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from helpdesk.accounts import tokens
from helpdesk.accounts.models import User
from helpdesk.accounts.operations.admission import admit

_PARTS = 2


class JWTAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[User, tokens.AccessClaims] | None:
        header = get_authorization_header(request).split()
        if not header or header[0].lower() != b"bearer":
            return None
        if len(header) != _PARTS:
            raise _refused(tokens.InvalidToken())
        return self.user_of(header[1])

    def user_of(self, token: bytes) -> tuple[User, tokens.AccessClaims]:
        try:
            claims = tokens.read_access(token.decode("ascii"))
            return admit(claims, now=timezone.now()).user, claims
        except tokens.InvalidToken as refusal:
            raise _refused(refusal) from None
        except UnicodeError:
            raise _refused(tokens.InvalidToken()) from None

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002
        return 'Bearer realm="api"'


def _refused(refusal: tokens.InvalidToken) -> AuthenticationFailed:
    return AuthenticationFailed(str(refusal.detail), code=refusal.code)
