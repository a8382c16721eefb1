from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "helpdesk.accounts"
    verbose_name = _("People")

    def ready(self) -> None:
        from helpdesk.accounts import subscribers  # noqa: F401 - importing it declares the events, and subscribes
        from helpdesk.accounts.queries import history_seen_by, managed_by
        from helpdesk.events.visibility import register_subject

        register_subject("user", history_seen_by, personal=True)
        # The desk as a whole is a subject without a row.
        register_subject("desk", managed_by)
