"""What the Dockerfiles put into the images: everything that is started there, and nothing that is not in the repository."""

import os
import re
import subprocess

import pytest

from tests.servers import ROOT
from tests.stack.files import COMPOSE, DOCKERFILES, SCRIPTS, as_list, ignored, interpolated, services, stages
from tests.stack.nginx import MISSING

OURS = [file for file in DOCKERFILES if file.parent.name == "django"]


def name_of(path):
    return str(path.relative_to(ROOT))


def lineage(dockerfile, target):
    """The stage and those that it is made from, from the ground up."""
    known = stages(dockerfile)
    stage = known[target]
    return [*(lineage(dockerfile, stage.base) if stage.base in known else []), stage]


def built():
    """Each service that is built here, with the stages of its image."""
    for name in COMPOSE:
        for service, options in services(name).items():
            if "build" in options:
                dockerfile = ROOT / options["build"]["dockerfile"]
                target = options["build"].get("target") or list(stages(dockerfile))[-1]
                yield pytest.param(options, lineage(dockerfile, target), id=f"{name}-{service}")


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=name_of)
def test_an_image_begins_with_a_version(dockerfile):
    known = stages(dockerfile)
    bases = {stage.base for stage in known.values()} - set(known)

    assert bases
    assert [base for base in bases if not re.search(r":\d", base)] == []


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=name_of)
def test_what_is_copied_is_there_and_not_ignored(dockerfile):
    known = stages(dockerfile)
    for stage in known.values():
        for sources, _target, options in stage.copies():
            if "from" in options:
                assert options["from"] in known
                continue
            for source in sources:
                assert (ROOT / source).exists(), source
                assert not ignored(source.rstrip("/")), source


@pytest.mark.parametrize(
    "path",
    [
        ".git/HEAD",
        ".envs/.production/secrets/django_secret_key",
        ".env",
        ".venv/bin/python",
        ".local/data",
        "tests/people.py",
    ],
)
def test_what_is_nobodys_business_stays_out_of_every_image(path):
    assert ignored(path)


def test_the_tests_of_nginx_are_not_skipped_in_the_local_image():
    text = (ROOT / "compose/local/django/Dockerfile").read_text().replace("\\\n", " ")
    installed = {word for words in re.findall(r"apt-get install ([^&]*)", text) for word in words.split()}

    assert set(MISSING.partition("apt-get install ")[2].split()) <= installed


def test_the_web_server_may_open_as_many_connections_as_nginx_passes_on():
    template = (ROOT / "compose/production/nginx/nginx.conf.template").read_text()
    workers, each = (int(re.search(rf"{name} (\d+);", template)[1]) for name in ("processes", "connections"))

    # Half of them are those of the clients.
    assert services("production")["django"]["ulimits"]["nofile"] > workers * each / 2


@pytest.mark.parametrize("script", SCRIPTS, ids=name_of)
def test_a_script_can_be_executed_and_is_in_an_image(script):
    copied = {source for file in DOCKERFILES for s in stages(file).values() for c in s.copies() for source in c[0]}

    assert os.access(script, os.X_OK)
    assert name_of(script) in copied


@pytest.mark.parametrize("script", [script for script in SCRIPTS if script.name != "healthcheck"], ids=name_of)
def test_a_start_script_stops_at_the_first_error_and_becomes_its_server(script):
    lines = script.read_text().splitlines()

    assert lines[0] == "#!/bin/sh"
    assert "set -eu" in lines
    assert any(line.startswith("exec ") for line in lines)
    assert subprocess.run(["/bin/sh", "-n", script], check=False).returncode == 0


@pytest.mark.parametrize(("options", "images"), list(built()))
def test_what_a_service_starts_is_in_its_image(options, images):
    installed = {target for stage in images for _sources, target, _options in stage.copies()}
    started = [
        *as_list(options.get("command"))[:1],
        *(options["healthcheck"]["test"][1:2] if "healthcheck" in options else []),
    ]
    scripts = {word for word in started if word.startswith("/")}

    assert scripts <= installed
    if "command" not in options:
        assert [stage.arguments("CMD") for stage in images][-1] or images[-1].base.startswith("postgres:")


@pytest.mark.parametrize("dockerfile", OURS, ids=name_of)
def test_packages_are_installed_by_hash(dockerfile):
    text = dockerfile.read_text()
    installs = re.findall(r"pip install [^\n]*", text)

    assert installs
    assert [line for line in installs if "--require-hashes" not in line] == []


def test_no_image_of_the_production_stack_runs_as_root():
    production = stages(ROOT / "compose/production/django/Dockerfile")

    assert [production[name].arguments("USER") for name in ("django", "nginx")] == [["10001:10001"]] * 2


def test_the_python_of_the_images_is_one_that_the_project_supports():
    minors = {m for file in OURS for m in re.findall(r"FROM python:3\.(\d+)-", file.read_text())}

    assert minors == {"13"}


def test_the_ports_of_nginx_are_those_that_are_published():
    published = {port.split(":")[-1] for port in services("production")["nginx"]["ports"]}
    start = (ROOT / "compose/production/nginx/start").read_text()

    assert published == set(re.findall(r"HTTPS?_PORT:-(\d+)", start))
    assert (
        " ".join(sorted(published))
        == stages(ROOT / "compose/production/django/Dockerfile")["nginx"].arguments("EXPOSE")[0]
    )


def test_the_certificates_are_mounted_where_nginx_looks():
    mount, _files = services("production")["nginx"]["volumes"]
    start = (ROOT / "compose/production/nginx/start").read_text()

    assert interpolated(mount).split(":")[1] == re.search(r"NGINX_CERTIFICATES:-([^}]+)", start)[1]
    assert mount.endswith(":ro")
