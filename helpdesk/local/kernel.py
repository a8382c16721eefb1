"""Two requests to Linux for which the standard library has no name; elsewhere they do nothing."""

import ctypes
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36

# Resolved here: between fork and exec nothing may be imported.
_prctl = ctypes.CDLL(None).prctl if sys.platform.startswith("linux") else None


def die_with_parent(signal_number: int) -> Callable[[], None] | None:
    """For `preexec_fn`: the child gets the signal when the supervisor dies, even by SIGKILL."""
    if _prctl is None:
        return None

    def ask() -> None:
        _prctl(_PR_SET_PDEATHSIG, signal_number)

    return ask


def adopt_orphans() -> None:
    """Grandchildren whose parent died become our children, so that they can be found and ended."""
    if _prctl is not None:
        _prctl(_PR_SET_CHILD_SUBREAPER, 1)
