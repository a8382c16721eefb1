"""People and their signed-in sessions."""

import uuid
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.auth.models import AbstractUser, UserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models, transaction
from django.db.models import Q, Value
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from helpdesk.accounts.devices import USER_AGENT_LENGTH
from helpdesk.accounts.enums import Method, Provider, Purpose
from helpdesk.accounts.events import UserCreated
from helpdesk.accounts.profile import USERNAME
from helpdesk.accounts.roles import GRANTS, Permission, Role, roles_with
from helpdesk.accounts.scopes import scope_of, wider_scopes
from helpdesk.events.operations import publish


class UserQuerySet(models.QuerySet["User"]):
    def agents(self) -> Self:
        """Active users of role agent or admin."""
        return self.who_may(Permission.SEE_STAFF_EVENTS)

    def who_may(self, permission: Permission) -> Self:
        return self.filter(role__in=roles_with(permission), is_active=True)

    def reachable_by(self, user: "User") -> Self:
        """Whom the user may write to, and whose presence concerns them: agents anyone, customers agents only."""
        if user.may(Permission.CHAT_WITH_ANYONE):
            return self.filter(is_active=True).exclude(pk=user.pk)
        return self.agents().exclude(pk=user.pk) if user.may(Permission.CHAT) else self.none()

    def with_address(self, email: str) -> Self:
        """At most one: compared as the unique constraint does, and by its index. An empty one is nobody's."""
        return self.exclude(email="").alias(key=Lower("email")).filter(key=Lower(Value(email)))

    def with_username(self, username: str) -> Self:
        return self.alias(key=Lower("username")).filter(key=Lower(Value(username)))


class HelpdeskUserManager(UserManager["User"]):
    """Django's creating methods, on our queryset."""

    @transaction.atomic
    def create_superuser(
        self, username: str, email: str | None = None, password: str | None = None, **fields: Any
    ) -> "User":
        """By the command of that name, which knows no operation. Lists and history must know it all the same."""
        user = super().create_superuser(username, email, password, **{"role": Role.ADMIN, **fields})
        publish(UserCreated(user=user.as_dict()), by=None, now=timezone.now())
        return user

    def get_queryset(self) -> UserQuerySet:
        return UserQuerySet(self.model, using=self._db)

    def agents(self) -> UserQuerySet:
        return self.get_queryset().agents()

    def who_may(self, permission: Permission) -> UserQuerySet:
        return self.get_queryset().who_may(permission)

    def reachable_by(self, user: "User") -> UserQuerySet:
        return self.get_queryset().reachable_by(user)


class User(AbstractUser):
    """A customer, an agent or an admin."""

    first_name = None  # type: ignore[assignment]  # one name: not every culture splits it
    last_name = None  # type: ignore[assignment]
    username = models.CharField(max_length=150, unique=True, validators=[USERNAME])
    email = models.EmailField(max_length=254, blank=True)
    email_verified = models.BooleanField(default=False)
    name = models.CharField(max_length=150, blank=True)
    role = models.CharField(max_length=16, choices=Role, default=Role.CUSTOMER)
    language = models.CharField(max_length=8, choices=[("en", "English"), ("es", "Español")], default="en")
    phone = models.CharField(max_length=32, blank=True)
    timezone = models.CharField(max_length=64, default="UTC")
    # Access tokens name it: whatever must bite at the next request moves it on, and all of them are stale at once.
    token_version = models.PositiveIntegerField(default=0)

    objects: ClassVar[HelpdeskUserManager] = HelpdeskUserManager()
    REQUIRED_FIELDS: ClassVar[list[str]] = ["email"]

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [
            models.UniqueConstraint(Lower("username"), name="user_username_unique_in_any_case"),
            models.UniqueConstraint(Lower("email"), name="user_email_unique_in_any_case", condition=~Q(email="")),
            models.CheckConstraint(name="user_role_known", condition=Q(role__in=Role.values)),
            # So that a superuser counts as admin everywhere, also in SQL.
            models.CheckConstraint(
                name="user_superuser_is_admin", condition=Q(is_superuser=False) | Q(role=Role.ADMIN)
            ),
        ]
        indexes = [models.Index("role", "id", name="user_role")]

    def save(self, *args: Any, **options: Any) -> None:
        """A new password commits with all that follows from it (`passwords.SignsOut`), whoever saves it."""
        with transaction.atomic(savepoint=False):
            super().save(*args, **options)

    def may(self, permission: Permission | str) -> bool:
        return self.is_active and permission in GRANTS[self.role]

    def get_full_name(self) -> str:
        """Django's own joins the two that are not there."""
        return self.name or self.username

    get_short_name = get_full_name

    def as_dict(self) -> dict[str, Any]:
        """The wire shape `user`."""
        return {"id": self.pk, "username": self.username, "name": self.name, "role": str(self.role)}

    @property
    def scope(self) -> str:
        """Whom the user shares the pages of lists with."""
        return scope_of(self.role, self.pk)

    @property
    def wider_scopes(self) -> tuple[str, ...]:
        """Whose changes move these pages on, too."""
        return wider_scopes(self.role)

    @property
    def is_agent(self) -> bool:
        """An agent in the contract's sense: role agent or admin."""
        return self.may(Permission.SEE_STAFF_EVENTS)


class Session(models.Model):
    """One signed-in device: the family of refresh tokens that grew from one sign-in.

    Only the newest refresh token of the family is good. Seeing an older one again means that two hold it, so the whole
    session ends.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="sessions")
    refresh_id = models.UUIDField(default=uuid.uuid4)
    method = models.CharField(max_length=16, choices=Method, default=Method.PASSWORD)
    address = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=USER_AGENT_LENGTH, default="", blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    refreshed_at = models.DateTimeField(default=timezone.now)
    # Written now and then, not by every request.
    last_seen_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(name="session_method_known", condition=Q(method__in=Method.values))]

    @property
    def too_old_at(self) -> datetime:
        return self.created_at + timedelta(seconds=settings.SESSION_MAX_AGE)


class SocialIdentity(models.Model):
    """Somebody's account at a provider. The provider's own subject names it: an address can change hands."""

    user = models.ForeignKey(User, models.CASCADE, related_name="identities")
    provider = models.CharField(max_length=16, choices=Provider)
    subject = models.CharField(max_length=255)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "subject"], name="identity_is_one_persons"),
            models.UniqueConstraint(fields=["user", "provider"], name="identity_one_a_provider"),
            models.CheckConstraint(name="identity_provider_known", condition=Q(provider__in=Provider.values)),
        ]


class OneTimeToken(models.Model):
    """Something that opens one door once. Only its digest is kept: who reads the table can open nothing."""

    user = models.ForeignKey(User, models.CASCADE, related_name="one_time_tokens")
    purpose = models.CharField(max_length=16, choices=Purpose)
    digest = models.BinaryField(max_length=32, unique=True)
    # The address it was sent to, where it proves one; another one by then proves nothing.
    email = models.EmailField(max_length=254, blank=True, default="")
    # The session that asked for it, where it stands for one.
    session = models.ForeignKey(Session, models.CASCADE, related_name="+", null=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(name="token_purpose_known", condition=Q(purpose__in=Purpose.values))]


class TotpDevice(models.Model):
    """The app that makes somebody's codes for the admin; only one that has shown a right code is written down."""

    user = models.OneToOneField(User, models.CASCADE, related_name="totp_device")
    # Sealed, not hashed: the service makes the same codes of it.
    secret = models.TextField()
    confirmed_at = models.DateTimeField()
    # A code is good once: none of this step of time, or of one before, is taken again.
    last_used_step = models.BigIntegerField()
    # Of the recovery codes that are left.
    recovery_digests = ArrayField(models.CharField(max_length=64))
