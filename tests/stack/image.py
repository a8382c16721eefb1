"""The production image without a container engine: what its Dockerfile copies, where nothing else is; and what runs there."""

import http.client
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.servers import HOST, ROOT, Server, free_port
from tests.stack.files import Stage, stages

NAME = "desk.example.org"
# What the suite was given must not reach a deployment.
OURS = (
    *("DATABASE_", "POSTGRES_", "REDIS_URL", "CHANNELS_", "CELERY_", "DJANGO_", "EMAIL_", "RATE_", "COVERAGE_"),
    *("LOG_", "PUBLIC_", "WORKER_", "TRUSTED_", "DAPHNE_", "NGINX_", "HELPDESK_"),
)


def clean(**env: str) -> dict[str, str]:
    """An environment with our packages, and nothing else of ours."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    return {**kept, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", **env}


class Image:
    """`path("/start")` is where the image's /start is."""

    def __init__(self, dockerfile: Path, *targets: str, beside: "Image | None" = None) -> None:
        known = stages(dockerfile)
        self._beside = beside
        self.root = Path(tempfile.mkdtemp(prefix="hd-image-", dir="/tmp"))
        # As root, nginx works as somebody else.
        self.root.chmod(0o755)
        self.app = self.path("/app")
        self.app.mkdir()
        # The packages are this machine's.
        for target in targets:
            self._build(known[target])

    def path(self, inside: str) -> Path:
        return self.root / inside.lstrip("/")

    def remove(self) -> None:
        shutil.rmtree(self.root, ignore_errors=True)

    def command(self, program: str, *arguments: str) -> tuple[str, ...]:
        """To be run in /app; a program such as /start is the image's."""
        program = str(self.path(program)) if self.path(program).exists() and program.startswith("/") else program
        return ("/bin/sh", "-euc", 'cd "$0"; exec "$@"', str(self.app), program, *arguments)

    def run(self, *command: str, **env: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            self.command(*command), env=clean(**env), capture_output=True, text=True, check=False, timeout=120
        )

    def files(self) -> dict[str, float]:
        """What a read-only file system keeps as it is."""
        return {str(path): path.stat().st_mtime for path in self.root.rglob("*") if path.is_file()}

    def _build(self, stage: Stage) -> None:
        for sources, target, options in stage.copies():
            for source in sources:
                if "from" not in options:
                    self._copy(ROOT / source, source, target)
                elif self._beside:
                    self._copy(self._beside.path(source), source, target)
        for line in stage.arguments("RUN"):
            # Users and packages are the machine's; what is left makes files of our code.
            if "manage.py" in line:
                built = self.run("/bin/sh", "-euc", line)
                assert built.returncode == 0, built.stderr

    def _copy(self, source: Path, name: str, target: str) -> None:
        there = self.path(target) if target.startswith("/") else self.app / target
        there = there / name if target.endswith("/") else there
        there.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, there, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, there)


class Deployed(Server):
    """A program of the image, with the environment of a deployment."""

    def __init__(self, image: Image, *command: str, env: dict[str, str], directory: Path) -> None:
        self.port = free_port()
        self.url = f"http://{HOST}:{self.port}"
        env = {"DAPHNE_HOST": HOST, "DAPHNE_PORT": str(self.port), **env}
        # `-i`: without the suite's own environment.
        words = [f"{key}={value}" for key, value in clean(**env).items()]
        super().__init__(
            command[0].strip("/"), "/usr/bin/env", "-i", *words, *image.command(*command), env={}, directory=directory
        )

    def is_ready(self) -> bool:
        return self.get("/readyz") == 200

    def get(self, path: str, host: str = NAME) -> int:
        """The status; 0 where nobody listens."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=5)
        try:
            connection.request("GET", path, headers={"Host": host})
            return connection.getresponse().status
        except OSError:
            return 0
        finally:
            connection.close()


def deployment(*, database_url: str, redis_url: str, directory: Path) -> dict[str, str]:
    """What .envs/.production holds after its examples were replaced; secrets are files."""
    key = directory / "django_secret_key"
    key.write_text(secrets.token_urlsafe(50) + "\n")
    return {
        "DJANGO_SETTINGS_MODULE": "config.settings.production",
        "DJANGO_SECRET_KEY_FILE": str(key),
        "DJANGO_ALLOWED_HOSTS": NAME,
        "PUBLIC_URL": f"https://{NAME}",
        "TRUSTED_PROXIES": HOST,
        # The test server asks for no password, and the settings do.
        "DATABASE_URL": f"{database_url}&password={secrets.token_hex(16)}",
        "REDIS_URL": redis_url,
        "EMAIL_HOST": HOST,
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
