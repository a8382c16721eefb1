"""Fixed choices of accounts."""

from django.db import models


class Provider(models.TextChoices):
    GOOGLE = "google", "Google"
    FACEBOOK = "facebook", "Facebook"


class Method(models.TextChoices):
    """How a session began."""

    PASSWORD = "password"  # noqa: S105 - no secret
    GOOGLE = "google"
    FACEBOOK = "facebook"


class AgentScope(models.TextChoices):
    """What agents see of the tickets; `AGENT_SCOPE` says which."""

    ALL = "all"
    TEAM = "team"
    ASSIGNED = "assigned"


class Ending(models.TextChoices):
    """Why a session is over."""

    SIGNED_OUT = "signed_out"
    ENDED_BY_USER = "ended_by_user"
    REFRESH_REUSED = "refresh_reused"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - no secret
    DEACTIVATED = "deactivated"
    IDLE = "idle"
    TOO_OLD = "too_old"
    EXPIRED = "expired"


class Purpose(models.TextChoices):
    """Which door a one-time token opens."""

    VERIFY_EMAIL = "verify_email"
    RESET_PASSWORD = "reset_password"  # noqa: S105 - no secret
    INVITATION = "invitation"
    SOCKET = "socket"
