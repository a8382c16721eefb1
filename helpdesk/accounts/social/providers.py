"""The providers, as the settings describe them: a new one is an entry there, and a value in `enums.Provider`."""

from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from helpdesk.core.errors import NotFound


class ProviderOff(NotFound):
    def __init__(self) -> None:
        super().__init__(_("Not found."))


@dataclass(frozen=True, kw_only=True)
class SocialProvider:
    name: str
    client_ids: list[str]
    client_secret: str
    redirect_uris: list[str]
    issuers: list[str]
    algorithms: list[str]  # of those that sign with a private key
    jwks_url: str
    token_url: str
    graph_url: str = ""  # where access tokens are asked about; without it, none is taken


def is_on(name: str) -> bool:
    return bool(settings.SOCIAL_PROVIDERS.get(name, {}).get("client_ids"))


def provider(name: str) -> SocialProvider:
    """Raises `ProviderOff` for one that this deployment has no client ids for."""
    if not is_on(name):
        raise ProviderOff
    return SocialProvider(name=name, **settings.SOCIAL_PROVIDERS[name])
