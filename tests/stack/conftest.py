"""A deployment's image, its servers, and nginx in front of them."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.servers import HOST, ROOT, Servers, Valkey, free_port
from tests.stack.image import Deployed, Image, deployment
from tests.stack.nginx import Nginx

PRODUCTION = ROOT / "compose/production/django/Dockerfile"


@pytest.fixture(scope="session")
def image() -> Iterator[Image]:
    built = Image(PRODUCTION, "code", "django")
    yield built
    built.remove()


@pytest.fixture(scope="session")
def nginx_image(image: Image) -> Iterator[Image]:
    built = Image(PRODUCTION, "nginx", beside=image)
    yield built
    built.remove()


@pytest.fixture
def settings_of_a_deployment(servers: Servers, valkey: Valkey) -> dict[str, str]:
    env = servers.env
    return deployment(database_url=env["DATABASE_URL"], redis_url=env["REDIS_URL"], directory=servers.directory)


@pytest.fixture
def deployed(
    image: Image, servers: Servers, settings_of_a_deployment: dict[str, str]
) -> Iterator[Callable[..., Deployed]]:
    """`deployed("/start")`: a program of the image; its directory is that of `servers`."""
    started: list[Deployed] = []

    def start(*command: str, wait: bool = True, **env: str) -> Deployed:
        program = Deployed(image, *command, env={**settings_of_a_deployment, **env}, directory=servers.directory)
        started.append(program)
        program.launch()
        if wait:
            program.wait_until_ready()
        return program

    yield start
    for program in reversed(started):
        program.kill()
        print(f"--- {program.name}\n{program.output()[-4000:]}")


@pytest.fixture
def web(deployed: Callable[..., Deployed]) -> Deployed:
    return deployed("/start")


@pytest.fixture
def start_nginx(nginx_image: Image) -> Iterator[Callable[..., Nginx]]:
    """`start_nginx(web)`, or `start_nginx(web, {"75s": "2s"})` with shorter times."""
    # Not pytest's directory: as root, nginx works as somebody else, and keeps bodies there.
    directory = Path(tempfile.mkdtemp(prefix="hd-nginx-", dir="/tmp"))
    directory.chmod(0o755)
    started: list[Nginx] = []

    def start(web: Deployed | None, shorter: dict[str, str] | None = None, **env: str) -> Nginx:
        # Without a service behind it: a port where nobody listens.
        upstream = f"{HOST}:{web.port if web else free_port()}"
        server = Nginx(nginx_image, directory, upstream=upstream, shorter=shorter or {}, **env)
        started.append(server)
        server.start()
        return server

    yield start
    for server in started:
        server.kill()
        print(f"--- nginx\n{server.output()[-4000:]}")
    shutil.rmtree(directory)
