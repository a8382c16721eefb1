from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    """The queue of a team and the tickets of a category, the deleted ones too: deleting either looks for them."""

    dependencies = [("tickets", "0009_files_let_go")]

    operations = [
        migrations.RemoveIndex("ticket", "ticket_team"),
        migrations.RemoveIndex("ticket", "ticket_category"),
        migrations.AddIndex(
            "ticket",
            models.Index(
                F("team"),
                F("status"),
                F("created_at").desc(),
                F("id").desc(),
                name="ticket_team",
                condition=Q(team__isnull=False),
            ),
        ),
        migrations.AddIndex(
            "ticket",
            models.Index(
                F("category"),
                F("created_at").desc(),
                F("id").desc(),
                name="ticket_category",
                condition=Q(category__isnull=False),
            ),
        ),
    ]
