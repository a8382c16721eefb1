from django.db import models


class Hit(models.Model):
    """One allowed request of a caller, counted here only while Redis is down."""

    key = models.CharField(max_length=80)
    at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        indexes = [models.Index(fields=["key", "at"], name="limits_hit_key_at")]
