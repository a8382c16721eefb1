"""The start scripts themselves, run natively: the deployment's where its image would be, the local ones in the checkout."""

import os
import subprocess
import time
from pathlib import Path

import httpx
import pytest

from config.celery_app import app as celery
from tests.servers import HOST, ROOT, Server, Valkey, eventually, free_port
from tests.stack.files import interpolated, services, variables_of
from tests.stack.image import clean

pytestmark = pytest.mark.slow

LOCAL = ROOT / "compose/local/django"


def healthy(service: dict, *, instead: dict[str, str]) -> bool:
    """The service's own health check, with its paths where the test has them."""
    _kind, *words = service["healthcheck"]["test"]
    command = words if _kind == "CMD" else ["/bin/sh", "-c", words[0].replace("$$", "$")]
    for inside, here in instead.items():
        command = [word.replace(inside, here) for word in command]
    return subprocess.run(command, capture_output=True, check=False, env=clean()).returncode == 0


# --- production ------------------------------------------------------------------------------------


def test_the_web_server_answers_and_ends_when_it_is_asked_to(deployed, image, tmp_path):
    before = image.files()
    web = deployed("/start")
    check = image.run("/healthcheck", DJANGO_ALLOWED_HOSTS=".desk.example.org", DAPHNE_PORT=str(web.port))

    hosts = tmp_path / "hosts"
    hosts.write_text(", .desk.example.org\n")
    by_file = image.run("/healthcheck", DJANGO_ALLOWED_HOSTS_FILE=str(hosts), DAPHNE_PORT=str(web.port))

    assert (check.returncode, check.stderr) == (by_file.returncode, by_file.stderr) == (0, "")
    assert web.get("/readyz", host="elsewhere.example.org") == 400
    # The read-only file system of the container would have stood for it.
    assert image.files() == before
    assert web.stop() == 0


def test_the_health_check_fails_where_nothing_answers(image):
    check = image.run("/healthcheck", DJANGO_ALLOWED_HOSTS="desk.example.org", DAPHNE_PORT=str(free_port()))

    assert check.returncode != 0


def test_the_health_check_fails_without_a_database(deployed, image):
    web = deployed("/start", wait=False, DATABASE_URL="postgresql://nobody:nothing@127.0.0.1:1/none")
    eventually(lambda: web.get("/healthz") == 200 or not web.is_running(), seconds=60)

    check = image.run("/healthcheck", DJANGO_ALLOWED_HOSTS="desk.example.org", DAPHNE_PORT=str(web.port))

    assert check.returncode != 0


@pytest.mark.parametrize(
    ("service", "queue", "app"), [("celeryworker", "celery", "events"), ("celerymailer", "mail", "notifications")]
)
def test_a_worker_works_on_its_queue_shows_that_it_lives_and_ends(deployed, valkey, tmp_path, service, queue, app):
    options = services("production")[service]
    instead = {"/tmp/heartbeat": str(tmp_path / "heartbeat")}
    assert not healthy(options, instead=instead)

    worker = deployed(*options["command"], wait=False, WORKER_HEARTBEAT_FILE=instead["/tmp/heartbeat"])
    with celery.connection_for_write(valkey.urls["CELERY_BROKER_URL"]) as broker:
        celery.send_task(f"helpdesk.{app}.tasks.sweep", queue=queue, connection=broker)

    with valkey.client(db=2) as broker:
        eventually(lambda: broker.llen(queue) == broker.hlen("unacked") == 0, seconds=60)
    eventually(lambda: healthy(options, instead=instead), seconds=30)
    # A process of its pool that has just ended a task may wait for 30 s until it is heard.
    assert worker.stop(seconds=45) == 0


def test_a_worker_that_lost_its_broker_is_not_well(deployed, valkey, tmp_path):
    options = services("production")["celeryworker"]
    beats = tmp_path / "heartbeat"
    deployed(*options["command"], wait=False, WORKER_HEARTBEAT_FILE=str(beats))
    eventually(beats.exists, seconds=60)

    valkey.kill()
    time.sleep(1)
    last = beats.stat().st_mtime
    # Longer than two heartbeats.
    time.sleep(5)
    assert beats.stat().st_mtime == last
    os.utime(beats, (last - 120, last - 120))
    assert not healthy(options, instead={"/tmp/heartbeat": str(beats)})


def test_beat_asks_for_the_sweeps_writes_its_schedule_and_ends(deployed, valkey, tmp_path):
    options = services("production")["celerybeat"]
    instead = {"/tmp/beat": str(tmp_path / "beat")}
    assert not healthy(options, instead=instead)

    beat = deployed(*options["command"], wait=False, BEAT_SCHEDULE=instead["/tmp/beat"], SWEEP_SECONDS="1")

    with valkey.client(db=2) as broker:
        eventually(lambda: broker.llen("celery") > 0 and broker.llen("mail") > 0, seconds=60)
    assert healthy(options, instead=instead)
    assert beat.stop() == 0


def test_the_migration_ends_by_itself_and_says_what_is_doubtful(image, settings_of_a_deployment):
    done = image.run("/migrate", **settings_of_a_deployment | {"TRUSTED_PROXIES": ""})

    assert done.returncode == 0, done.stderr
    assert "No migrations to apply." in done.stdout
    assert "TRUSTED_PROXIES is empty" in done.stderr


@pytest.mark.parametrize(
    "command", [["/start"], ["/start-celeryworker", "celery", "1"], ["/start-celerybeat"], ["/migrate"]]
)
def test_an_unsafe_setting_is_refused_in_one_line_whatever_is_started(image, settings_of_a_deployment, command):
    done = image.run(*command, **settings_of_a_deployment | {"RATE_LIMIT_ENABLED": "false"})

    assert done.returncode == 1
    assert "RATE_LIMIT_ENABLED is false" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_the_examples_and_the_compose_file_give_every_setting_that_is_needed(image, tmp_path):
    """As they stand, but for the values that they ask to be replaced."""
    example = ROOT / ".envs/.production.example"
    given = (
        {name: interpolated(value) for name, value in services("production")["django"]["environment"].items()}
        | variables_of(example / ".django")
        | variables_of(example / ".postgres")
    )
    for name, value in given.items():
        if name.endswith("_FILE") and value.startswith("/run/secrets/"):
            (tmp_path / name).write_text(os.urandom(32).hex())
            given[name] = str(tmp_path / name)
    given["TRUSTED_PROXIES"] = HOST

    done = image.run("python", "-c", "import django; django.setup(); print('it starts')", **given)

    assert (done.stdout, done.stderr, done.returncode) == ("it starts\n", "", 0)


def test_redis_is_started_with_words_that_it_knows(tmp_path):
    _program, *arguments = services("production")["redis"]["command"]
    valkey = Valkey(tmp_path)
    valkey.command = (valkey.command[0], *arguments, *("--port", "0", "--unixsocket", str(valkey.socket)))
    valkey.start()
    with valkey.client() as client:
        wanted = ("save", "appendonly", "maxmemory", "maxmemory-policy")
        told = [client.config_get(name)[name] for name in wanted]
    valkey.kill()

    assert told == ["", "no", str(256 * 1024 * 1024), "volatile-lru"]


# --- local -----------------------------------------------------------------------------------------


class Local(Server):
    def __init__(self, *command: str, env: dict[str, str], directory: Path, url: str = "") -> None:
        self.url = url
        words = [f"{key}={value}" for key, value in clean(**env).items()]
        super().__init__(
            Path(command[0]).parent.name, "/usr/bin/env", "-i", *words, *command, env={}, directory=directory
        )

    def is_ready(self) -> bool:
        try:
            return httpx.get(self.url).status_code == 200
        except httpx.TransportError:
            return False


@pytest.fixture
def local(servers, valkey):
    """`local("start", url=…)`: a script of compose/local, as its services run it."""
    started = []
    given = variables_of(ROOT / ".envs/.local/.django")
    own = {name: servers.env[name] for name in ("DATABASE_URL", "REDIS_URL")}

    def start(script: str, *arguments: str, url: str = "", **env: str) -> Local:
        env = {**given, **own, "WORKER_HEARTBEAT_FILE": str(servers.directory / "beats"), **env}
        program = Local(str(LOCAL / script), *arguments, env=env, directory=servers.directory, url=url)
        started.append(program)
        program.launch()
        return program

    yield start
    for program in reversed(started):
        program.kill()
        print(f"--- {program.name}\n{program.output()[-4000:]}")


def test_the_local_stack_starts_with_demo_data(local, servers, valkey):
    port, flower_port = free_port(), free_port()
    url = f"http://{HOST}:{port}"
    web = local("start", url=f"{url}/readyz", DAPHNE_HOST=HOST, DAPHNE_PORT=str(port))
    web.wait_until_ready()

    signed_in = httpx.post(f"{url}/api/auth/token/", json={"username": "customer_1", "password": "testpass123"})
    docs = httpx.get(f"{url}/api/docs/")

    assert (signed_in.status_code, docs.status_code) == (200, 200)

    worker = local("celery/worker/start", "celery", "1")
    mailer = local("celery/worker/start", "mail", "2")
    beat = local("celery/beat/start", BEAT_SCHEDULE=str(servers.directory / "beat"))
    flower = local(
        "celery/flower/start",
        url=f"http://{HOST}:{flower_port}/healthcheck",
        FLOWER_HOST=HOST,
        FLOWER_PORT=str(flower_port),
        # Flower's own API is closed unless somebody signs in, and nobody does here.
        FLOWER_UNAUTHENTICATED_API="true",
    )
    flower.wait_until_ready()
    workers = eventually(
        lambda: set(httpx.get(f"http://{HOST}:{flower_port}/api/workers?refresh=1", timeout=30).json()), seconds=60
    )

    assert {name.split("@")[0] for name in workers} <= {"celery", "mail"}
    eventually((servers.directory / "beats").exists)
    assert [program.stop(seconds=20) for program in (flower, beat, mailer, worker, web)] == [0, 0, 0, 0, 0]


def test_the_local_settings_serve_run_on_the_host_too():
    """As docs/how-to/run.md has it: the file is read by a shell, and the addresses are this machine's."""
    said = subprocess.run(
        ["/bin/sh", "-euc", 'set -a; . ./.envs/.local/.django; set +a; echo "$DATABASE_URL $REDIS_URL"'],
        cwd=ROOT,
        env={},
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    postgres = variables_of(ROOT / ".envs/.local/.postgres")
    where = f"{postgres['POSTGRES_USER']}@127.0.0.1:5432/{postgres['POSTGRES_DB']}"
    assert said == f"postgresql://{where} redis://127.0.0.1:6379/0\n"
