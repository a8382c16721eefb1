"""Keeps a deployment from being served while somebody could sign in as its admin with the demo's password."""

from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.db import DatabaseError, ProgrammingError, connection
from django.db.models import Q

from helpdesk.accounts.models import User
from helpdesk.accounts.roles import Role
from helpdesk.core.refusal import refuse
from helpdesk.demo.people import PASSWORD


def refuse_demo_admins(**_signal: Any) -> None:
    """Ends the process with one line. Called where a process begins to serve, and before a migration.

    Commands that cure it (`changepassword`, `shell`) do not ask. Each admin costs one Argon2 hash, some 50 ms.
    """
    if settings.DEMO_DATA_ALLOWED:
        return
    try:
        admins = demo_admins()
    except ProgrammingError:
        return  # no tables yet, so nobody either
    except DatabaseError as error:
        # Whoever restarts the process asks again.
        why = f"PostgreSQL does not answer ({type(error).__name__})"
        refuse([f"{why}, so nobody can say whether an admin has the password of the demo data."])
        return
    finally:
        # A worker forks after this, and a pool does not survive that.
        connection.close()
        connection.close_pool()  # type: ignore[attr-defined]  # PostgreSQL's
    refuse(
        f"The password of {name}, an admin, is the public one of the demo data. "
        f"Change it: python manage.py changepassword {name}"
        for name in admins
    )


def demo_admins() -> list[str]:
    """The usernames of those who could sign in with it and manage everything."""
    managers = User.objects.filter(Q(role=Role.ADMIN) | Q(is_superuser=True) | Q(is_staff=True), is_active=True)
    known = managers.order_by("id").values_list("username", "password")
    return [username for username, encoded in known if check_password(PASSWORD, encoded)]
