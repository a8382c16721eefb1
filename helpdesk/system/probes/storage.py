"""The directories: what must be written can be, what is served is there, and there is room."""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.contrib.staticfiles.storage import ManifestFilesMixin, staticfiles_storage

from helpdesk.system.findings import Finding, fail, ok, warn
from helpdesk.system.probing import Findings

_MIB: Final = 2**20
_FULL: Final = 100 * _MIB
_NEARLY_FULL: Final = 1024 * _MIB


def look() -> Findings:
    # Where bodies of requests are spooled to, and uploads kept.
    for name, directory in {"temporary files": tempfile.gettempdir(), "MEDIA_ROOT": settings.MEDIA_ROOT}.items():
        if directory:
            yield _writable(name, Path(directory))
            yield from _room(Path(directory))
    yield _static_files()


def _writable(name: str, directory: Path) -> Finding:
    try:
        with tempfile.TemporaryFile(dir=directory) as file:
            file.write(b"x")
            file.flush()
    except OSError as error:
        return fail(f"{name} cannot be written: {error}", f"Make {directory} writable for user {os.getuid()}.")
    return ok(f"{name}: {directory} can be written")


def _room(directory: Path) -> Findings:
    try:
        usage = shutil.disk_usage(directory)
    except OSError:
        return  # said already
    said = f"{directory}: {usage.free // _MIB:,} of {usage.total // _MIB:,} MiB are free"
    # A tmpfs of a container is small, and meant to be.
    if usage.free < min(_FULL, usage.total // 20):
        yield fail(said, "Make room, or uploads and large requests fail.")
    elif usage.free < min(_NEARLY_FULL, usage.total // 10):
        yield warn(said, "Make room.")
    else:
        yield ok(said)


def _static_files() -> Finding:
    """They are served, never written: the file system of a container is read-only."""
    storage: Any = staticfiles_storage
    if not isinstance(storage, ManifestFilesMixin):
        return ok("static files are served from where the packages keep them")
    root = Path(str(settings.STATIC_ROOT))
    if not (root / storage.manifest_name).is_file():
        return fail(f"{root} has no collected static files", "python manage.py collectstatic, or use the built image.")
    missing = [name for name in storage.hashed_files.values() if not (root / name).is_file()]
    if missing:
        return fail(
            f"{len(missing)} collected static files are not in {root}", "python manage.py collectstatic --clear"
        )
    return ok(f"{len(storage.hashed_files):,} static files are collected in {root}")
