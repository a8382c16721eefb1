"""Sign in by username or e-mail address."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.db.models import Value
from django.db.models.functions import Lower
from django.http import HttpRequest

from helpdesk.accounts.models import User


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
        by_address = "@" in username  # which no username contains
        people = User.objects.exclude(email="") if by_address else User.objects.all()
        # Compared as the unique constraints do: a name finds at most one person, and by their index.
        key = Lower("email" if by_address else "username")
        user = people.alias(key=key).filter(key=Lower(Value(username))).first()
        if user is None:
            # The same work as for a known name: the time must not tell which names exist.
            User().set_password(password)
            return None
        if user.check_password(password) and self.user_can_authenticate(user):
            return user
        return None
