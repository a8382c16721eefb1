"""The servers as fixtures: a plugin of pytest, see tests/conftest.py."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar
from urllib.parse import urlencode

import pytest

from tests.servers.group import Desk, Servers
from tests.servers.identity_provider import IdentityProvider
from tests.servers.process import Server
from tests.servers.programs import Beat, Daphne, Valkey, Worker
from tests.servers.sink import Smtp

S = TypeVar("S", bound=Server)


def _test_database_url() -> str:
    from django.db import connection

    settings = connection.settings_dict
    query = {key.lower(): settings[key] for key in ("HOST", "PORT", "USER", "PASSWORD") if settings[key]}
    return f"postgresql:///{settings['NAME']}?{urlencode(query)}"


def _ready(server: S) -> S:
    server.wait_until_ready()
    return server


@pytest.fixture
def servers(transactional_db: None) -> Iterator[Servers]:
    group = Servers(_test_database_url())
    yield group
    group.end()


@pytest.fixture
def valkey(servers: Servers) -> Valkey:
    """A Valkey that this test may stop, freeze and flush."""
    servers.valkey.start()
    return servers.valkey


@pytest.fixture
def smtp(servers: Servers) -> Smtp:
    servers.smtp.start()
    return servers.smtp


@pytest.fixture
def identity_provider(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[IdentityProvider]:
    """Google and Facebook on this machine; this process believes no other."""
    provider = IdentityProvider()
    provider.start()
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    settings.SOCIAL_PROVIDERS = provider.settings
    yield provider
    provider.stop()


@pytest.fixture
def start_daphne(servers: Servers, valkey: Valkey) -> Callable[..., Daphne]:
    """`start_daphne(RATE_LIMIT_ENABLED="true")`; several may run beside each other."""
    return lambda **env: _ready(servers.daphne(**env))


@pytest.fixture
def start_worker(servers: Servers, valkey: Valkey) -> Callable[..., Worker]:
    """`start_worker()` works on everything, `start_worker("mail")` on one queue."""
    return lambda *queues, **env: _ready(servers.worker(*queues, **env))


@pytest.fixture
def start_beat(servers: Servers, valkey: Valkey) -> Callable[..., Beat]:
    return lambda **env: _ready(servers.beat(**env))


@pytest.fixture
def begun(request: pytest.FixtureRequest, servers: Servers, valkey: Valkey) -> dict[str, Any]:
    """The servers that the test asks for: they begin at once, and are waited for one after the other."""
    begin = {"daphne": servers.daphne, "worker": servers.worker, "beat": servers.beat}
    return {name: start() for name, start in begin.items() if name in request.fixturenames}


@pytest.fixture
def daphne(begun: dict[str, Any]) -> Daphne:
    return _ready(begun["daphne"])


@pytest.fixture
def worker(begun: dict[str, Any]) -> Worker:
    return _ready(begun["worker"])


@pytest.fixture
def beat(begun: dict[str, Any]) -> Beat:
    return _ready(begun["beat"])


@pytest.fixture
def desk(valkey: Valkey, smtp: Smtp, daphne: Daphne, worker: Worker, beat: Beat) -> Desk:
    return Desk(valkey, smtp, daphne, worker, beat)


@pytest.fixture
def valkey_here(valkey: Valkey, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Valkey]:
    """The test's own process uses the private Valkey too: limits, channel layer, and Celery's broker."""
    urls = valkey.urls
    for name, url in urls.items():
        monkeypatch.setenv(name, url)
    settings.REDIS_URL = urls["REDIS_URL"]
    settings.CELERY_BROKER_URL = urls["CELERY_BROKER_URL"]
    layers = {**settings.CHANNEL_LAYERS}
    config = layers["default"]["CONFIG"]
    host = {**config["hosts"][0], "address": urls["CHANNELS_REDIS_URL"]}
    settings.CHANNEL_LAYERS = {"default": {**layers["default"], "CONFIG": {**config, "hosts": [host]}}}
    _forget_broker()
    yield valkey
    _forget_broker()


def _forget_broker() -> None:
    """Celery remembers its connections, whatever the settings say by now."""
    import kombu.pools
    from celery import current_app

    kombu.pools.reset()
    current_app._pool = None
    current_app.amqp._producer_pool = None


@pytest.fixture(scope="session")
def shared_daphne(django_db_setup: None, django_db_blocker: Any) -> Iterator[Daphne]:
    """One server for all tests that only need one to be there; each of them asks for `transactional_db` itself."""
    with django_db_blocker.unblock():
        url = _test_database_url()
    group = Servers(url)
    group.valkey.start()
    group.smtp.start()
    # The rows of one test are thrown away behind the server's back before the next.
    yield _ready(group.daphne(LIST_CACHE_SECONDS="0"))
    group.end()
