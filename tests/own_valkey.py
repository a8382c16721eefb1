"""A Valkey that a test may stop and freeze, without a database around it."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.servers import Valkey


@pytest.fixture
def own_valkey(settings: Any) -> Iterator[Valkey]:
    from helpdesk.core import redis

    with tempfile.TemporaryDirectory(prefix="hd-") as directory:
        server = Valkey(Path(directory))
        server.start()
        settings.REDIS_URL = server.urls["REDIS_URL"]
        yield server
        server.kill()
        redis._redis.cache_clear()
