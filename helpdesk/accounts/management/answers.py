"""What somebody at a terminal is told: one line in place of a traceback, and a random password once."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.db import OperationalError, ProgrammingError

from helpdesk.accounts.models import User
from helpdesk.accounts.typeable import typeable
from helpdesk.core.errors import DomainError
from helpdesk.core.redaction import clean

_TRIES = 10


@contextmanager
def in_one_line() -> Iterator[None]:
    try:
        yield
    except ValidationError as error:
        said = [f"--{field}: {text}" for field, texts in error.message_dict.items() for text in texts]
        raise CommandError(" ".join(said)) from None
    except DomainError as error:
        raise CommandError(" ".join(str(one.message) for one in error.errors) or str(error.detail)) from None
    except OperationalError as error:
        raise CommandError(f"PostgreSQL does not answer: {clean(str(error)).strip()}") from None
    except ProgrammingError:
        raise CommandError("The tables are not there, or old: run `python manage.py migrate` first.") from None


def random_password(user: User) -> str:
    """125 bits that the rules for passwords accept: they know the person's name, and a random text may resemble it."""
    for _ in range(_TRIES):
        password = typeable(groups=5, letters=5)
        try:
            validate_password(password, user)
        except ValidationError:
            continue
        return password
    raise CommandError("The rules for passwords (AUTH_PASSWORD_VALIDATORS) accept no random one.")
