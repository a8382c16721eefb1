"""Secrets that the service must read again, which a stolen copy of the database must not show.

Sealed with a key made from SECRET_KEY. After a change of that key, those in SECRET_KEY_FALLBACKS still open what they
sealed. What is sealed for one person opens for nobody else: a row's secret cannot be put into another's.
"""

from base64 import urlsafe_b64encode
from functools import lru_cache
from typing import Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

# Names what the key is for: no other use of SECRET_KEY arrives at the same one.
_PURPOSE: Final = b"helpdesk.accounts.sealing"


class Unreadable(Exception):
    """Sealed with a key that is not here any more, or not for this person."""


def seal(text: str, *, user_id: int) -> str:
    return _box().encrypt(f"{user_id}:{text}".encode()).decode("ascii")


def unseal(sealed: str, *, user_id: int) -> str:
    try:
        owner, _, text = _box().decrypt(sealed).decode().partition(":")
    except InvalidToken:
        raise Unreadable from None
    if owner != str(user_id):
        raise Unreadable
    return text


def opens(sealed: str, *, user_id: int) -> bool:
    try:
        unseal(sealed, user_id=user_id)
    except Unreadable:
        return False
    return True


def _box() -> MultiFernet:
    return MultiFernet([_fernet(key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


@lru_cache(maxsize=8)
def _fernet(key: str) -> Fernet:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(key.encode())
    return Fernet(urlsafe_b64encode(derived))
