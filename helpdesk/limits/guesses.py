"""Guesses at a secret: counted before anything is hashed, for the account, for the address, and for the two together.

One guess is charged to all three or, where one of them is used up, to none: who is stopped at one log uses up no other.
No name that somebody typed is kept: what stands in a key is made with the service's own secret.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.conf import settings
from django.utils.crypto import salted_hmac

from helpdesk.core.redis import RedisDown
from helpdesk.limits import durable_log, shared_log
from helpdesk.limits.rates import Rate


@dataclass(frozen=True)
class Guess:
    """`wait`: seconds until another one is free, where this one is not allowed."""

    allowed: bool
    wait: float
    give_back: Callable[[], None]


def charge(*, account: str, address: str) -> Guess:
    """`account`: any text that names it, always the same one. `address` as `addresses.origin` gives it."""
    logs = _logs(account, address)
    try:
        taken = shared_log.charge_all(logs)
    except RedisDown:
        return _charge_durably(logs)
    # With Redis away by then, it stays charged until its time is over.
    return Guess(taken.allowed, taken.wait, lambda: shared_log.give_back(logs, taken.moment))


def _charge_durably(logs: Mapping[str, Rate]) -> Guess:
    taken = durable_log.charge_all(logs)
    return Guess(taken.allowed, taken.wait, lambda: durable_log.give_back(taken.hits))


def _logs(account: str, address: str) -> dict[str, Rate]:
    return {
        f"guess:account:{_digest(account)}": Rate.parse(settings.SIGN_IN_LIMIT_ACCOUNT),
        f"guess:address:{address}": Rate.parse(settings.SIGN_IN_LIMIT_ADDRESS),
        f"guess:both:{_digest(f'{address} {account}')}": Rate.parse(settings.SIGN_IN_LIMIT_BOTH),
    }


def _digest(text: str) -> str:
    return salted_hmac("helpdesk.limits.guesses", text, algorithm="sha256").hexdigest()
