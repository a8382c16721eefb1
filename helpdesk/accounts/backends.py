"""Sign in by username or e-mail address, for whatever asks Django itself; our own doors count guesses first."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest

from helpdesk.accounts.models import User
from helpdesk.accounts.queries import called


class UsernameOrEmailBackend(ModelBackend):
    def authenticate(
        self,
        request: HttpRequest | None,  # noqa: ARG002
        username: str | None = None,
        password: str | None = None,
        **_: Any,
    ) -> User | None:
        if username is None or password is None:
            return None
        user, _counted = called(username)
        if user is None:
            # The same work as for a known name: the time must not tell which names exist.
            make_password(password)
            return None
        if user.check_password(password) and self.user_can_authenticate(user):
            return user
        return None
