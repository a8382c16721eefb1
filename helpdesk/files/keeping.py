"""Bytes are stored before the transaction that tells of them, and collected after it.

A file in the storage without a row is an orphan that `collecting.py` finds; a row without its bytes cannot be: it
commits only after they are kept, and they go only after it.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final, TypeVar

from django.utils.translation import gettext_lazy as _

from helpdesk.core.errors import DomainError, Unavailable
from helpdesk.files import storage
from helpdesk.files.models import Blob
from helpdesk.files.receiving import Checked

T = TypeVar("T")
# Called inside the transaction that hangs something on the bytes: their one row, locked, so that nobody collects it.
Take = Callable[[], Blob]

# A blob may be collected between the look and the lock: then its bytes are stored again.
_TRIES: Final = 5


class _WentAway(Exception):
    pass


def keep(file: Checked, hang: Callable[[Take], T], *, now: datetime) -> T:
    """Store the bytes unless they are there, then let `hang` tell of them in one transaction; what that returns."""
    for _try in range(_TRIES):
        stored = None if Blob.objects.filter(sha256=file.sha256).exists() else storage.keep(file.file)
        taken: list[Blob] = []

        def take(stored: str | None = stored, taken: list[Blob] = taken) -> Blob:
            taken.append(_blob(file, stored, now))
            return taken[0]

        try:
            made = hang(take)
        except (_WentAway, DomainError) as refusal:
            # Nothing was committed. After an error of the connection nobody knows: that is left to the collection.
            if stored:
                storage.forget(stored)
            if isinstance(refusal, DomainError):
                raise
            continue
        if stored and taken and taken[0].storage_name != stored:
            storage.forget(stored)
        return made
    raise Unavailable(_("The same file is being collected. Try again."))


def _blob(file: Checked, stored: str | None, now: datetime) -> Blob:
    if stored:
        new = Blob(sha256=file.sha256, size=file.size, storage_name=stored, created_at=now)
        Blob.objects.bulk_create([new], ignore_conflicts=True)
    blob = Blob.objects.select_for_update().filter(sha256=file.sha256).first()
    if blob is None:
        raise _WentAway
    return blob
