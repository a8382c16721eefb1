from typing import Any

from django.db import migrations, models
from django.db.models import F


def begin_at_the_version(apps: Any, _schema_editor: Any) -> None:
    apps.get_model("tickets", "Ticket").objects.exclude(version=1).update(public_version=F("version"))


class Migration(migrations.Migration):
    """What customers do not see of a ticket counts no version for them."""

    dependencies = [("tickets", "0010_find_what_refers")]

    operations = [
        migrations.AddField("ticket", "public_version", models.PositiveIntegerField(default=1)),
        migrations.RunPython(begin_at_the_version, migrations.RunPython.noop, elidable=True),
    ]
