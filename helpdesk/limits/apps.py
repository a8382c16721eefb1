from django.apps import AppConfig


class LimitsConfig(AppConfig):
    name = "helpdesk.limits"

    def ready(self) -> None:
        from helpdesk.limits import checks  # noqa: F401 - registers itself
