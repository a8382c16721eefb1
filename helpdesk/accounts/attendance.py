"""Whether somebody still sits at a browser that is signed in to the admin (`SESSION_IDLE_TIMEOUT`, as at the API)."""

from datetime import datetime
from typing import Any, Final

from helpdesk.accounts.idleness import lag, timeout_of

# In the browser's session: when it was used last, in seconds.
_SEEN: Final = "seen"


def arrived(request: Any, *, now: datetime) -> None:
    request.session[_SEEN] = now.timestamp()


def left_alone(request: Any, *, now: datetime) -> bool:
    """Of somebody who is signed in. Written now and then, not by every request."""
    timeout = timeout_of(request.user.role)
    if timeout is None:
        return False
    seen = request.session.get(_SEEN)
    passed = now.timestamp() - seen if isinstance(seen, float) else None
    if passed is not None and passed >= timeout.total_seconds():
        return True
    if passed is None or not 0 <= passed < lag(timeout).total_seconds():
        arrived(request, now=now)
    return False
