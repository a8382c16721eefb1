"""`python -m helpdesk.edge [Daphne's options] config.asgi:application`: Daphne, which finishes what it has begun."""

import signal
import sys

# Daphne chooses Twisted's reactor: before anything else of Twisted's is loaded.
import daphne.server  # noqa: F401
from daphne.cli import CommandLineInterface

from helpdesk.edge.server import Server

if __name__ == "__main__":
    # As the first process of a container it would not hear the signal while it loads.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    CommandLineInterface.server_class = Server
    CommandLineInterface.entrypoint()
