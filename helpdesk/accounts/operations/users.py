"""Changes to people."""

from typing import Any

from django.contrib.auth.hashers import make_password

from helpdesk.accounts.models import User


def update_profile(*, by: User, changes: dict[str, Any]) -> User:
    """Write the given fields of one's own profile, and no others."""
    for field, value in changes.items():
        setattr(by, field, value)
    if changes:
        by.save(update_fields=list(changes))
    return by


def bulk_load(users: list[User], *, password: str) -> list[User]:
    """Many people with one password, hashed once: a hash is meant to cost a third of a second."""
    hashed = make_password(password)
    for user in users:
        user.password = hashed
    return User.objects.bulk_create(users)
