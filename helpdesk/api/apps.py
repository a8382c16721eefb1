from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "helpdesk.api"

    def ready(self) -> None:
        from helpdesk.api import schema  # noqa: F401 - declares how views are described
