"""What may be said instead of who somebody is. All that is wrong with a proof is answered alike."""

from django.utils.translation import gettext_lazy as _

from helpdesk.core.errors import Unauthenticated, Unavailable


class ProofRefused(Unauthenticated):
    """`why` is for our log alone."""

    code = "social_token_not_valid"

    def __init__(self, why: str) -> None:
        super().__init__(_("The provider's token or code is invalid or expired."))
        self.why = why


class ProviderDown(Unavailable):
    """It did not answer in time, or not as it should."""

    code = "provider_unavailable"

    def __init__(self) -> None:
        super().__init__(_("The provider does not answer. Try again in a moment."))
