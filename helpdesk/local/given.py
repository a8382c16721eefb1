"""What the environment gives by the name of a file (`X_FILE` for `X`), as the settings read it too."""

from collections.abc import Mapping
from pathlib import Path

from .failure import Failure

# What the supervisor must know itself, or give on. The rest is for the settings.
_READ = ("DATABASE_URL", "REDIS_URL", "CHANNELS_REDIS_URL", "CELERY_BROKER_URL", "DJANGO_SECRET_KEY", "LOG_FORMAT")


def given(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment with the files' contents in the place of their names."""
    found = dict(environment)
    for name in _READ:
        if file := found.pop(f"{name}_FILE", ""):
            if found.get(name):
                raise Failure(f"{name} and {name}_FILE are both set: remove one of them.")
            found[name] = _content(name, file)
    return found


def overruled(environment: Mapping[str, str], values: Mapping[str, str]) -> dict[str, str]:
    """The environment with these values, whatever it had in their place."""
    return {name: text for name, text in environment.items() if name.removesuffix("_FILE") not in values} | dict(values)


def _content(name: str, file: str) -> str:
    # Not even the file's name is repeated: it may be the secret itself, given in the wrong place.
    try:
        content = Path(file).read_text(encoding="utf-8").removesuffix("\n").removesuffix("\r")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        raise Failure(f"{name}_FILE names a file that cannot be read: {why}.") from None
    if not content:
        raise Failure(f"{name}_FILE names an empty file.")
    return content
