"""Sign in by username or e-mail address."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.db.models import Q
from django.http import HttpRequest

from helpdesk.accounts.models import User


class UsernameOrEmailBackend(ModelBackend):
    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **_: Any,  # noqa: ARG002
    ) -> User | None:
        if username is None or password is None:
            return None
        # No username contains an @, so a name finds at most one person.
        lookup = Q(email__iexact=username) if "@" in username else Q(username__iexact=username)
        user = User.objects.filter(lookup).first()
        if user is None:
            # The same work as for a known name: the time must not tell which names exist.
            User().set_password(password)
            return None
        if user.check_password(password) and self.user_can_authenticate(user):
            return user
        return None
