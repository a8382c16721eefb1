"""Who else may vouch for people: an entry for each provider. One without client ids is off."""

from typing import Any

from .env import address, env, one_of, within

_URL = address("https", "http")
# Without a version Meta serves the oldest that the app may use.
_GRAPH = env("FACEBOOK_GRAPH_URL", cast=_URL, default="https://graph.facebook.com/v23.0")

SOCIAL_PROVIDERS: dict[str, dict[str, Any]] = {
    "google": {
        # Web, iOS, Android, …; codes are issued to the first.
        "client_ids": env.list("GOOGLE_CLIENT_IDS", default=[]),
        "client_secret": env("GOOGLE_CLIENT_SECRET", default=""),
        "redirect_uris": env.list("GOOGLE_REDIRECT_URIS", default=[]),
        "issuers": env.list("GOOGLE_ISSUERS", default=["https://accounts.google.com", "accounts.google.com"]),
        "algorithms": ["RS256"],
        "jwks_url": env("GOOGLE_JWKS_URL", cast=_URL, default="https://www.googleapis.com/oauth2/v3/certs"),
        "token_url": env("GOOGLE_TOKEN_URL", cast=_URL, default="https://oauth2.googleapis.com/token"),
    },
    "facebook": {
        "client_ids": list(filter(None, [env("FACEBOOK_APP_ID", default="")])),
        "client_secret": env("FACEBOOK_APP_SECRET", default=""),
        "redirect_uris": env.list("FACEBOOK_REDIRECT_URIS", default=[]),
        "issuers": env.list("FACEBOOK_ISSUERS", default=["https://www.facebook.com", "https://limited.facebook.com"]),
        "algorithms": ["RS256"],
        "jwks_url": env(
            "FACEBOOK_JWKS_URL", cast=_URL, default="https://www.facebook.com/.well-known/oauth/openid/jwks/"
        ),
        "token_url": f"{_GRAPH}/oauth/access_token",
        "graph_url": _GRAPH,
    },
}

# Seconds for one answer of a provider, from the first byte asked to the last one read.
SOCIAL_TIMEOUT = env("SOCIAL_TIMEOUT", cast=within(0.1, 60, float), default=5)
# Seconds between two looks for a signing key that nobody knows: whoever makes up keys costs the provider no more.
SOCIAL_KEYS_REFETCH = env("SOCIAL_KEYS_REFETCH", cast=within(0, 3600), default=30)
# When an ID token must come with its nonce: if the token has one, or always.
SOCIAL_NONCE = env("SOCIAL_NONCE", cast=one_of("present", "always"), default="present")
# Whether an identity joins the account that has its address, where both sides have proved it.
SOCIAL_LINK_BY_EMAIL = env.bool("SOCIAL_LINK_BY_EMAIL", default=True)
