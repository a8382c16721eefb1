"""`./run test`: pytest against servers of its own, which leave with it."""

import asyncio
import contextlib
import os
import sys

from .binaries import valkey_binary
from .failure import Failure
from .foreground import in_foreground
from .given import given
from .kernel import adopt_orphans
from .places import Places, passing
from .processes import Processes
from .services import start_services
from .strays import end_strays
from .supervise import until_stopped

# In several processes, which are given a few tests at a time, always forward: one that had hundreds of slow ones ahead
# would end long after the others, and one that went back would hold what a module has made open for longer than that.
WHOLE = ["-n", "auto", "--maxschedchunk", "4"]


def suite(arguments: list[str]) -> int:
    adopt_orphans()
    with passing() as places:
        processes = Processes(places, _environment())
        try:
            code, _ = asyncio.run(until_stopped(_run(processes, places, arguments), processes))
        finally:
            end_strays()
        return code


async def _run(processes: Processes, places: Places, arguments: list[str]) -> int:
    await start_services(processes, places, throwaway=True)
    return await in_foreground([sys.executable, "-m", "pytest", *(arguments or WHOLE)], processes.environment)


def _environment() -> dict[str, str]:
    environment = {
        # One process more than there are cores: a good third of their time, tests wait for servers that start or end.
        "PYTEST_XDIST_AUTO_NUM_WORKERS": str((os.cpu_count() or 1) + 1),
        **given(os.environ),
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
    }
    # Tests of an outage start and stop a Redis of their own.
    with contextlib.suppress(Failure):
        environment.setdefault("HELPDESK_VALKEY_SERVER", str(valkey_binary()))
    return environment
