"""Real servers for the tests that need them: an SMTP sink, Valkey, Daphne, a Celery worker and beat.

All of them work with the suite's settings, on the test database and on a Valkey of their own, so suites beside each other do not meet. A test asks for
`desk` (everything), for single servers, or for a `start_…` fixture where it wants another environment:

    def test_a_limit(start_daphne):
        server = start_daphne(RATE_LIMIT_ENABLED="true")
        httpx.get(f"{server.base_url}/api/…")

They see committed rows only, so they bring `transactional_db`. `shared_daphne` is started once a session, for tests that change
nothing outside the database. Nothing here outlives pytest.
"""

from tests.servers.group import Desk, Servers
from tests.servers.process import HOST, ROOT, Server, eventually, free_port
from tests.servers.programs import Beat, Daphne, Valkey, Worker
from tests.servers.sink import Mail, Smtp

__all__ = [
    "HOST",
    "ROOT",
    "Beat",
    "Daphne",
    "Desk",
    "Mail",
    "Server",
    "Servers",
    "Smtp",
    "Valkey",
    "Worker",
    "eventually",
    "free_port",
]
