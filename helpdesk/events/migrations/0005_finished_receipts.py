"""Finds the receipts that may be dropped; built beside the writers, who go on meanwhile."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [
        ("events", "0004_sight"),
    ]

    operations = [
        # Of years of events it takes longer than a request may.
        migrations.RunSQL("SET statement_timeout = 0", "SET statement_timeout = 0"),
        AddIndexConcurrently(
            model_name="eventreceipt",
            index=models.Index(models.F("due_at"), condition=models.Q(("state", "done")), name="event_receipt_done"),
        ),
    ]
