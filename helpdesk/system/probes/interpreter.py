"""Which Python, with which packages."""

import importlib.metadata
import platform
import re
import sys
from pathlib import Path
from typing import Final

from helpdesk.system.findings import ok, warn
from helpdesk.system.probing import Findings

_LOCK: Final = Path(__file__).resolve().parents[3] / "requirements" / "base.lock"
# Without those that are for some other platform or version of Python.
_PIN: Final = re.compile(r"^([A-Za-z0-9._-]+)==(\S+) \\$", re.MULTILINE)
_NAMED: Final = 5


def look() -> Findings:
    yield ok(f"{platform.python_implementation()} {platform.python_version()} at {sys.prefix}, {platform.platform()}")
    if sys.flags.utf8_mode == 0 and sys.getfilesystemencoding() != "utf-8":
        yield warn(f"file names are {sys.getfilesystemencoding()}, not UTF-8", "Set LANG to C.UTF-8.")
    # An image has the packages and no lock.
    if _LOCK.is_file():
        yield from _compared(_LOCK.read_text())


def _compared(lock: str) -> Findings:
    pins = dict(_PIN.findall(lock))
    others = sorted(package for package, version in pins.items() if _installed(package) != version)
    if not others:
        yield ok(f"{len(pins)} packages, as requirements/base.lock has them")
        return
    more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
    yield warn(
        f"{len(others)} of {len(pins)} packages are not those of requirements/base.lock: "
        f"{', '.join(others[:_NAMED])}{more}",
        "Start ./run once, or install with `pip install --require-hashes -r requirements/base.lock`.",
    )


def _installed(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
