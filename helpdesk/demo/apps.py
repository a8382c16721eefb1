from django.apps import AppConfig, apps
from django.db.models.signals import pre_migrate


class DemoConfig(AppConfig):
    name = "helpdesk.demo"

    def ready(self) -> None:
        from helpdesk.demo.guard import refuse_demo_admins

        # Sent for apps that have tables.
        pre_migrate.connect(refuse_demo_admins, sender=apps.get_app_config("accounts"))
