"""`./run manage`: manage.py against the running servers, or against the same data while nothing runs."""

import asyncio
import os
import sys

from . import register
from .foreground import in_foreground
from .given import overruled
from .instance import AlreadyRunning, only_one, running_environment
from .places import ROOT, Places, lasting
from .processes import Processes
from .services import start_services
from .supervise import until_stopped
from .up import local_environment

# Asks no server, and no settings.
_ALONE = "generate_secret_key"


def manage(arguments: list[str]) -> int:
    command = [sys.executable, "manage.py", *arguments]
    if arguments[:1] == [_ALONE]:
        os.chdir(ROOT)
        os.execv(command[0], command)  # noqa: S606 - there is nothing to supervise
    places = lasting()
    environment = local_environment(places)
    try:
        with only_one(places.data):
            register.end_leftovers(places.data)
            processes = Processes(places, environment)
            code, _ = asyncio.run(until_stopped(_run(processes, places, command), processes))
            return code
    except AlreadyRunning:
        running = running_environment(places.data)
        if not running:
            raise
        os.execve(command[0], command, overruled(environment, running))  # noqa: S606 - there is nothing left to supervise


async def _run(processes: Processes, places: Places, command: list[str]) -> int:
    await start_services(processes, places)
    return await in_foreground(command, processes.environment)
