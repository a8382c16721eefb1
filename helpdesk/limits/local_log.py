"""The sliding log of this process alone, for the time that Redis is down."""

import time
from collections import OrderedDict, deque
from threading import Lock
from typing import Final

from helpdesk.limits.rates import Rate, Verdict

# The callers who came last are kept; a flood of addresses must not cost the memory of the machine.
CALLERS: Final = 50_000

_logs: OrderedDict[str, deque[float]] = OrderedDict()
_lock = Lock()


def charge(key: str, rate: Rate) -> Verdict:
    with _lock:
        now = time.monotonic()
        log = _logs.setdefault(key, deque())
        _logs.move_to_end(key)
        if len(_logs) > CALLERS:
            _logs.popitem(last=False)
        while log and log[0] <= now - rate.window:
            log.popleft()
        allowed = len(log) < rate.limit
        if allowed:
            log.append(now)
        return Verdict(allowed, max(0, rate.limit - len(log)), log[0] + rate.window - now)
