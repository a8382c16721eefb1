"""Somebody, as a provider knows them."""

from dataclasses import dataclass
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from helpdesk.accounts.social.errors import ProofRefused

LONGEST_SUBJECT: Final = 255
LONGEST_NAME: Final = 150
LONGEST_ADDRESS: Final = 254


@dataclass(frozen=True, kw_only=True)
class Person:
    """`email` is only there if the provider says that it has verified it: any other proves nothing to us."""

    provider: str
    subject: str
    email: str = ""
    name: str = ""


def person(provider: str, *, subject: Any, email: Any, email_verified: Any, name: Any) -> Person:
    """Of what a provider says only the subject is needed; what is odd in the rest is left out."""
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT:
        raise ProofRefused("subject")
    if not (subject.isascii() and subject.isprintable()):
        raise ProofRefused("subject")
    # `true` and nothing like it.
    verified = _address(email) if email_verified is True else ""
    return Person(provider=provider, subject=subject, email=verified, name=_name(name))


def _address(value: Any) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_ADDRESS or not value.isprintable():
        return ""
    try:
        validate_email(value)
    except ValidationError:
        return ""
    return value


def _name(value: Any) -> str:
    text = value if isinstance(value, str) else ""
    return "".join(letter for letter in text if letter.isprintable()).strip()[:LONGEST_NAME]
