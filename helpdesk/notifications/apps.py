from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NotificationsConfig(AppConfig):
    name = "helpdesk.notifications"
    verbose_name = _("Notifications")

    def ready(self) -> None:
        from helpdesk.notifications import subscribers  # noqa: F401 - subscribes
