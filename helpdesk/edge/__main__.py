"""`python -m helpdesk.edge [Daphne's options] config.asgi:application`: Daphne, which finishes what it has begun."""

import resource
import signal
import sys
from typing import Final

# Daphne chooses Twisted's reactor: before anything else of Twisted's is loaded.
import daphne.server  # noqa: F401
from daphne.cli import CommandLineInterface

from helpdesk.edge.server import Server

# A socket is an open file, and many systems begin with 1,024 of them.
MOST_FILES: Final = 65_536


def allow_files() -> None:
    """As many as the system lets this process have without asking."""
    _now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if most == resource.RLIM_INFINITY else min(most, MOST_FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


if __name__ == "__main__":
    allow_files()
    # As the first process of a container it would not hear the signal while it loads.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    CommandLineInterface.server_class = Server
    CommandLineInterface.entrypoint()
