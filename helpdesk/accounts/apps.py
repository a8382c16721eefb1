from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "helpdesk.accounts"
    verbose_name = _("People")

    def ready(self) -> None:
        from helpdesk.accounts import events  # noqa: F401 - importing it declares them
        from helpdesk.accounts.queries import managed_by
        from helpdesk.events.visibility import register_subject

        register_subject("user", managed_by)
