"""A server that is there and says nothing: what a hung one looks like from outside."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from tests.servers import HOST


@contextmanager
def silent() -> Iterator[int]:
    """Its port. The kernel takes the connections; nobody ever looks at them."""
    with socket.socket() as listening:
        listening.bind((HOST, 0))
        listening.listen(50)
        yield listening.getsockname()[1]
