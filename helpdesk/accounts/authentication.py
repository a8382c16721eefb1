"""`Authorization: Bearer <access token>`; no cookie is ever read."""

from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from helpdesk.accounts import tokens
from helpdesk.accounts.models import User
from helpdesk.accounts.queries import active_user

_PARTS = 2


class JWTAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[User, tokens.AccessClaims] | None:
        header = get_authorization_header(request).split()
        if not header or header[0].lower() != b"bearer":
            return None
        if len(header) != _PARTS:
            raise _refused()
        user, claims = self.user_of(header[1])
        return user, claims

    def user_of(self, token: bytes) -> tuple[User, tokens.AccessClaims]:
        try:
            claims = tokens.read_access(token.decode("ascii"))
        except (tokens.InvalidToken, UnicodeError):
            raise _refused() from None
        user = active_user(claims)
        if user is None:
            raise _refused()
        return user, claims

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002
        return 'Bearer realm="api"'


def _refused() -> AuthenticationFailed:
    return AuthenticationFailed(str(tokens.InvalidToken().detail), code=tokens.InvalidToken.code)
