"""Indexes by which tickets are counted without being read; built beside the writers, who go on meanwhile."""

from django.conf import settings
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models

NEWEST = (
    models.OrderBy(models.F("created_at"), descending=True),
    models.OrderBy(models.F("id"), descending=True),
)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [
        ("tickets", "0011_versions_for_customers"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        # A million rows take longer than a request may.
        migrations.RunSQL("SET statement_timeout = 0", "SET statement_timeout = 0"),
        AddIndexConcurrently(
            model_name="ticket",
            index=models.Index(
                models.F("priority"), *NEWEST, condition=models.Q(("deleted_at", None)), name="ticket_of_priority"
            ),
        ),
        AddIndexConcurrently(
            model_name="ticket",
            index=models.Index(models.F("id"), condition=models.Q(("deleted_at", None)), name="ticket_living"),
        ),
        # The old one serves until the new one is there.
        migrations.RenameIndex(model_name="ticket", old_name="ticket_unassigned", new_name="ticket_unassigned_old"),
        AddIndexConcurrently(
            model_name="ticket",
            index=models.Index(
                *NEWEST,
                condition=models.Q(("assigned_to", None), ("deleted_at", None)),
                include=["priority"],
                name="ticket_unassigned",
            ),
        ),
        RemoveIndexConcurrently(model_name="ticket", name="ticket_unassigned_old"),
        migrations.RunSQL("RESET statement_timeout", "RESET statement_timeout"),
    ]
