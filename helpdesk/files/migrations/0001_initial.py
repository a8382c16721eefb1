"""The table is there: tickets made it. Only whose it is has changed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = [("tickets", "0005_everything_an_agent_does")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="Blob",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("sha256", models.CharField(max_length=64, unique=True)),
                        ("size", models.BigIntegerField()),
                        ("storage_name", models.CharField(max_length=100, unique=True)),
                        ("created_at", models.DateTimeField()),
                    ],
                    options={"db_table": "tickets_blob"},
                ),
            ],
        ),
    ]
