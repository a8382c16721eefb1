"""What can happen to a person's account: the person sees it, and who manages users; nobody's socket is told.

No event holds a secret, nor anything that one can be made from.
"""

from dataclasses import dataclass
from typing import Any

from helpdesk.events.declaration import Event
from helpdesk.events.shapes import INTEGER, NOTHING, TEXT, TRUTH, USER, change, nullable, record, some_of

# The wire shape {"id", "username", "name", "role"}, as the person was called when it happened.
UserDict = dict[str, Any]

_DEVICE = record(address=nullable(TEXT), user_agent=TEXT)


@dataclass(frozen=True, kw_only=True)
class UserEvent(Event):
    shape = {"user": USER}

    user: UserDict

    @property
    def subject(self) -> tuple[str, int]:
        return ("user", self.user["id"])

    @property
    def members(self) -> dict[str, Any]:
        return {"user": self.user}


@dataclass(frozen=True, kw_only=True)
class UserCreated(UserEvent, name="user_created"):
    @property
    def message(self) -> str:
        return f"User {self.user['username']} created"


@dataclass(frozen=True, kw_only=True)
class UserUpdated(UserEvent, name="user_updated"):
    """`{field: [from, to]}`; of a password only that it is another one."""

    shape = {
        "changes": some_of(
            **dict.fromkeys(("name", "email", "role", "language", "phone", "timezone"), change(TEXT)),
            is_active=change(TRUTH),
            password=change(NOTHING),
        )
    }

    values: dict[str, list[Any]]

    @property
    def members(self) -> dict[str, Any]:
        return super().members | {"changes": self.changes}

    @property
    def changes(self) -> dict[str, Any]:
        return {field: {"from": old, "to": new} for field, (old, new) in self.values.items()}

    @property
    def message(self) -> str:
        return f"User {self.user['username']} updated"


@dataclass(frozen=True, kw_only=True)
class DeviceEvent(UserEvent):
    """`device`: {"address", "user_agent"}, of whoever asked."""

    shape = {"device": _DEVICE}

    device: dict[str, str]

    @property
    def members(self) -> dict[str, Any]:
        return super().members | {"device": self.device}


@dataclass(frozen=True, kw_only=True)
class SignedIn(DeviceEvent, name="signed_in"):
    """`method`: password, the provider that vouched, or `admin`, whose cookie is no session of the API."""

    shape = {"session": TEXT, "method": TEXT}

    session: str
    method: str

    @property
    def members(self) -> dict[str, Any]:
        return super().members | {"session": self.session, "method": self.method}

    @property
    def message(self) -> str:
        return f"{self.user['username']} signed in"


@dataclass(frozen=True, kw_only=True)
class SignInRefused(DeviceEvent, name="sign_in_refused"):
    """Somebody tried, and was not let in: wrong_password, inactive, wrong_old_password, …"""

    shape = {"reason": TEXT}

    reason: str

    @property
    def members(self) -> dict[str, Any]:
        return super().members | {"reason": self.reason}

    @property
    def message(self) -> str:
        return f"A sign-in as {self.user['username']} was refused"


@dataclass(frozen=True, kw_only=True)
class UnknownSignInRefused(Event, name="unknown_sign_in_refused", staff_only=True):
    """Somebody tried a name that nobody has. Which one is not kept: people type passwords there."""

    shape = {"device": _DEVICE}

    device: dict[str, str]

    @property
    def subject(self) -> tuple[str, int]:
        return ("desk", 1)

    @property
    def members(self) -> dict[str, Any]:
        return {"device": self.device}

    @property
    def message(self) -> str:
        return "A sign-in with an unknown name was refused"


@dataclass(frozen=True, kw_only=True)
class SessionEnded(UserEvent, name="session_ended"):
    """`reason`: one of `enums.Ending`."""

    shape = {"session": TEXT, "reason": TEXT}

    session: str
    reason: str

    @property
    def members(self) -> dict[str, Any]:
        return super().members | {"session": self.session, "reason": self.reason}

    @property
    def message(self) -> str:
        return f"A session of {self.user['username']} ended"


@dataclass(frozen=True, kw_only=True)
class SessionsEnded(UserEvent, name="sessions_ended"):
    """All of them at once, or all but the one that asked; the reasons are those of one."""

    shape = {"count": INTEGER, "reason": TEXT}

    count: int
    reason: str

    @property
    def members(self) -> dict[str, Any]:
        return super().members | {"count": self.count, "reason": self.reason}

    @property
    def message(self) -> str:
        return f"{self.count} sessions of {self.user['username']} ended"


@dataclass(frozen=True, kw_only=True)
class EmailVerificationRequested(UserEvent, name="email_verification_requested"):
    """The mail's token is made when it is sent."""

    @property
    def message(self) -> str:
        return f"{self.user['username']} was asked to verify the e-mail address"


@dataclass(frozen=True, kw_only=True)
class EmailVerified(UserEvent, name="email_verified"):
    @property
    def message(self) -> str:
        return f"{self.user['username']} verified the e-mail address"


@dataclass(frozen=True, kw_only=True)
class RegisteredAgain(UserEvent, name="registered_again"):
    """Somebody wanted a new account with this person's address, who is told of it; nobody else is."""

    @property
    def message(self) -> str:
        return f"Somebody tried to register with the e-mail address of {self.user['username']}"


@dataclass(frozen=True, kw_only=True)
class PasswordResetRequested(UserEvent, name="password_reset_requested"):
    """The mail's token is made when it is sent."""

    @property
    def message(self) -> str:
        return f"A new password was asked for {self.user['username']}"


@dataclass(frozen=True, kw_only=True)
class UserInvited(UserEvent, name="user_invited"):
    """The mail's token is made when it is sent."""

    @property
    def message(self) -> str:
        return f"{self.user['username']} was invited"


@dataclass(frozen=True, kw_only=True)
class IdentityLinked(UserEvent, name="identity_linked"):
    shape = {"provider": TEXT}

    provider: str

    @property
    def members(self) -> dict[str, Any]:
        return super().members | {"provider": self.provider}

    @property
    def message(self) -> str:
        return f"{self.user['username']} can sign in with {self.provider}"


@dataclass(frozen=True, kw_only=True)
class IdentityUnlinked(UserEvent, name="identity_unlinked"):
    shape = {"provider": TEXT}

    provider: str

    @property
    def members(self) -> dict[str, Any]:
        return super().members | {"provider": self.provider}

    @property
    def message(self) -> str:
        return f"{self.user['username']} can no longer sign in with {self.provider}"


@dataclass(frozen=True, kw_only=True)
class SecondFactorEnabled(UserEvent, name="second_factor_enabled"):
    @property
    def message(self) -> str:
        return f"{self.user['username']} turned on the second factor"


@dataclass(frozen=True, kw_only=True)
class SecondFactorDisabled(UserEvent, name="second_factor_disabled"):
    """By the person, by another admin, or by nobody: from the command line."""

    @property
    def message(self) -> str:
        return f"The second factor of {self.user['username']} was turned off"


@dataclass(frozen=True, kw_only=True)
class RecoveryCodeUsed(UserEvent, name="recovery_code_used"):
    """In place of a code of the app; `left`: how many there still are."""

    shape = {"left": INTEGER}

    left: int

    @property
    def members(self) -> dict[str, Any]:
        return super().members | {"left": self.left}

    @property
    def message(self) -> str:
        return f"{self.user['username']} used a recovery code; {self.left} are left"


@dataclass(frozen=True, kw_only=True)
class UsersLoaded(Event, name="users_loaded", staff_only=True):
    """Many people came at once, in one transaction: happened to the desk as a whole."""

    shape = {"loaded": record(users=INTEGER)}

    users: int

    @property
    def subject(self) -> tuple[str, int]:
        return ("desk", 1)

    @property
    def members(self) -> dict[str, Any]:
        return {"loaded": {"users": self.users}}

    @property
    def message(self) -> str:
        return f"{self.users:,} users loaded"
