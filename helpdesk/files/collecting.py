"""Bytes that nobody can reach any more are given up: of deleted files, and of uploads that a crash cut short."""

from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Exists, ManyToOneRel, OuterRef, Q

from helpdesk.files import storage
from helpdesk.files.models import Blob

BATCH: Final = 500


def give_up_unused(*, before: datetime) -> int:
    """Return how many stored files were given up. A crash anywhere leaves the rest to the next time."""
    return _give_up_blobs() + _give_up_orphans(before=before)


def _give_up_blobs() -> int:
    count = 0
    while names := _forget_rows():
        for name in names:
            storage.forget(name)
        count += len(names)
    return count


@transaction.atomic
def _forget_rows() -> list[str]:
    """First the rows: bytes without a row are found below, a row without bytes would be a broken promise."""
    unused = Blob.objects.select_for_update(skip_locked=True).filter(~_used())
    locked = list(unused.values_list("pk", flat=True)[:BATCH])
    # Asked again under the lock: somebody may have hung something on it in between.
    still = Blob.objects.filter(~_used(), pk__in=locked)
    chosen = list(still.values_list("pk", "storage_name"))
    Blob.objects.filter(pk__in=[pk for pk, _name in chosen]).delete()
    return [name for _pk, name in chosen]


def _used() -> Q:
    """Whether anything hangs on it, of whichever app: each has a foreign key."""
    used = Q(pk__in=[])
    for relation in Blob._meta.get_fields(include_hidden=True):  # noqa: SLF001 - Django's public introspection
        if isinstance(relation, ManyToOneRel):
            rows = relation.related_model._base_manager.filter(**{relation.field.name: OuterRef("pk")})  # noqa: SLF001
            used |= Q(Exists(rows))
    return used


def _give_up_orphans(*, before: datetime) -> int:
    count = 0
    batch: list[str] = []
    for name in storage.names():
        batch.append(name)
        if len(batch) == BATCH:
            count += _without_rows(batch, before=before)
            batch = []
    return count + _without_rows(batch, before=before)


def _without_rows(names: list[str], *, before: datetime) -> int:
    known = set(Blob.objects.filter(storage_name__in=names).values_list("storage_name", flat=True))
    count = 0
    for name in names:
        if name not in known and _is_old(name, before):
            storage.forget(name)
            count += 1
    return count


def _is_old(name: str, before: datetime) -> bool:
    try:
        return storage.stored_at(name) < before
    except FileNotFoundError:
        return False
