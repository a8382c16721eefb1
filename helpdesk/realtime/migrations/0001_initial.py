import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0004_commands_totp"),
    ]

    operations = [
        migrations.CreateModel(
            name="SocketSubscription",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("subject", models.CharField(max_length=64)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "session",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.session",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(models.F("created_at"), name="socket_subscription_age")],
                "constraints": [
                    models.UniqueConstraint(fields=("session", "subject"), name="socket_subscription_once")
                ],
            },
        ),
    ]
