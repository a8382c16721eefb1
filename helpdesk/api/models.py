from django.db import models


class IdempotencyKey(models.Model):
    """The answer to a POST, committed with what the POST did; kept for 24 hours.

    `user_id` is no foreign key: the conventions know no users.
    """

    user_id = models.BigIntegerField()
    route = models.CharField(max_length=255)  # the path, without the version that it may be called under
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)  # SHA-256 of the body
    status = models.PositiveSmallIntegerField()
    headers = models.JSONField()
    body = models.BinaryField()
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user_id", "route", "key"], name="idempotency_key_once")]
