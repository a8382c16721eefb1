"""A deployment's processes, with settings that are safe but for what a test changes."""

import os
import subprocess
import sys
from typing import Any

from django.db import connection

from tests.servers import HOST, ROOT, free_port

KEY = "fXk3nVqkbd0Zl9T4S1uYc7RwJm8aHGp5iKeNzLoWtBxCvQy2Md6"
DATABASE_PASSWORD = "n0body/kn0ws@it:%41"

COMMANDS = {
    "migrate": lambda _directory: ("manage.py", "migrate"),
    "daphne": lambda _directory: (
        *("-m", "helpdesk.edge", "--bind", HOST, "--port", str(free_port()), "config.asgi:application"),
    ),
    "worker": lambda _directory: ("-m", "celery", "--app", "config.celery_app", "worker", "--concurrency", "1"),
    "beat": lambda directory: (
        *("-m", "celery", "--app", "config.celery_app", "beat"),
        *("--schedule", str(directory / "schedule"), "--pidfile", ""),
    ),
}


def safe(**changes: str | None) -> dict[str, str]:
    """The environment of a safe start on the test database; None takes a variable away."""
    address = connection.settings_dict
    values: dict[str, Any] = {
        "DJANGO_SETTINGS_MODULE": "config.settings.production",
        "DJANGO_SECRET_KEY": KEY,
        "DJANGO_ALLOWED_HOSTS": "desk.acme.test",
        "PUBLIC_URL": "https://desk.acme.test",
        "POSTGRES_HOST": address["HOST"],
        "POSTGRES_PORT": str(address["PORT"]),
        "POSTGRES_DB": address["NAME"],
        "POSTGRES_USER": address["USER"],
        "POSTGRES_PASSWORD": address["PASSWORD"] or DATABASE_PASSWORD,
        "REDIS_URL": os.environ.get("REDIS_URL"),
        "EMAIL_HOST": "mail.acme.test",
        "DEFAULT_FROM_EMAIL": "desk@acme.test",
        "TRUSTED_PROXIES": "10.0.0.0/8",
        **changes,
    }
    return {name: value for name, value in values.items() if value is not None}


def python(*arguments: str, env: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    """Runs until it ends by itself. Nothing of the suite's own environment is in it, save what measures coverage."""
    kept = {name: value for name, value in os.environ.items() if name == "PATH" or name.startswith("COVERAGE_")}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**kept, **env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def refusals(ended: "subprocess.CompletedProcess[str]") -> list[str]:
    """What the process said when it refused; fails the test if it did not, or said it at length."""
    assert ended.returncode != 0, ended.stdout
    assert "Traceback" not in ended.stdout + ended.stderr
    return [line for line in ended.stderr.splitlines() if line.startswith("Refused to start: ")]
