from django.apps import AppConfig


class SystemConfig(AppConfig):
    name = "helpdesk.system"
