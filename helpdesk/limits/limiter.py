"""Who is charged, how much, and where it is counted while Redis is down."""

from dataclasses import dataclass
from typing import Final, Literal, Protocol

from django.conf import settings

from helpdesk.core.redis import RedisDown
from helpdesk.limits import durable_log, local_log, shared_log
from helpdesk.limits.rates import Rate, Verdict


class Log(Protocol):
    def __call__(self, key: str, rate: Rate) -> Verdict: ...


Fallback = Literal["process", "database"]

# Three of a million codes of a second factor are good at any moment: who has the password guesses for years.
CODES: Final = "10/h"

# "process" costs nothing and forgets at a restart; "database" holds across processes.
FALLBACKS: Final[dict[Fallback, Log]] = {"process": local_log.charge, "database": durable_log.charge}


@dataclass(frozen=True)
class Charge:
    """One request, charged to somebody under a named policy."""

    policy: str
    rate: Rate
    verdict: Verdict

    @property
    def headers(self) -> dict[str, str]:
        verdict = self.verdict
        return {
            "RateLimit-Policy": f'"{self.policy}";q={self.rate.limit};w={self.rate.window}',
            "RateLimit": f'"{self.policy}";r={verdict.remaining};t={verdict.retry_after}',
        }


def charge_user(user_id: int, *, fallback: Fallback = "process") -> Charge:
    return _charge("user", f"user:{user_id}", settings.RATE_LIMIT_USER, fallback)


def charge_address(address: str, *, fallback: Fallback = "process") -> Charge:
    """`address` as `addresses.origin` gives it."""
    return _charge("anon", f"anon:{address}", settings.RATE_LIMIT_ANON, fallback)


def charge_code(user_id: int, *, fallback: Fallback = "process") -> Charge:
    return _charge("code", f"code:{user_id}", CODES, fallback)


def _charge(policy: str, key: str, setting: str, fallback: Fallback) -> Charge:
    rate = Rate.parse(setting)
    try:
        verdict = shared_log.charge(key, rate)
    except RedisDown:
        verdict = FALLBACKS[fallback](key, rate)
    return Charge(policy, rate, verdict)
