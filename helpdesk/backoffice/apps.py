from django.apps import AppConfig
from django.contrib.admin import apps


class BackofficeConfig(AppConfig):
    name = "helpdesk.backoffice"
    default = True


class AdminConfig(apps.AdminConfig):
    """Django's admin, with our site: it collects the `admin` module of every app."""

    default = False
    default_site = "helpdesk.accounts.entrance.Site"
