"""Whom PostgreSQL runs as: it refuses to run as root."""

import os
import pwd
from pathlib import Path

from .failure import Failure

_STAND_INS = ("postgres", "nobody")


def postgres_account() -> pwd.struct_passwd | None:
    """None stands for ourselves."""
    uid = os.geteuid()
    try:
        if uid != 0:
            pwd.getpwuid(uid)
            return None
    except KeyError:
        raise Failure(
            f"user id {uid} has no passwd entry, so PostgreSQL refuses to start. "
            "Run as a user that has one, or set DATABASE_URL."
        ) from None
    for name in _STAND_INS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise Failure("PostgreSQL does not run as root, and there is no account 'postgres' or 'nobody': set DATABASE_URL.")


def credentials(account: pwd.struct_passwd | None) -> dict[str, object]:
    """Arguments for `subprocess` and asyncio's counterpart."""
    if account is None:
        return {}
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def give(path: Path, account: pwd.struct_passwd | None) -> None:
    if account is not None:
        os.chown(path, account.pw_uid, account.pw_gid)
