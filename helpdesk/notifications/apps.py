from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "helpdesk.notifications"

    def ready(self) -> None:
        from helpdesk.notifications import subscribers  # noqa: F401 - subscribes
