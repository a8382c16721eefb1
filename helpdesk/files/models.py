"""Bytes that were taken. What was uploaded twice is stored once."""

from django.db import models


class Blob(models.Model):
    """Bytes in the storage, under a name that tells nothing; deleted when nothing hangs on them any more.

    Whatever hangs on them has a foreign key to here, so that the collection finds it.
    """

    sha256 = models.CharField(max_length=64, unique=True)
    size = models.BigIntegerField()
    storage_name = models.CharField(max_length=100, unique=True)
    created_at = models.DateTimeField()

    class Meta:
        # Files were a ticket's business first. Renaming the table would stop whoever runs the release before.
        db_table = "tickets_blob"
