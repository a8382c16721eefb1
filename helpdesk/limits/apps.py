from django.apps import AppConfig
from django.conf import settings

from helpdesk.limits.rates import Rate


class LimitsConfig(AppConfig):
    name = "helpdesk.limits"

    def ready(self) -> None:
        # A rate that cannot be read stops the start, not the first request.
        for rate in (
            settings.RATE_LIMIT_USER,
            settings.RATE_LIMIT_ANON,
            settings.SIGN_IN_LIMIT_ACCOUNT,
            settings.SIGN_IN_LIMIT_ADDRESS,
            settings.SIGN_IN_LIMIT_BOTH,
        ):
            Rate.parse(rate)
