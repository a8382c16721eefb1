"""The secret key of one machine's copy: made once, so that tokens outlive a restart."""

import secrets
from pathlib import Path

_BYTES = 48


def secret_key(data: Path) -> str:
    file = data / "secret-key"
    if not file.exists():
        unfinished = file.with_suffix(".part")
        unfinished.touch(mode=0o600)
        unfinished.write_text(secrets.token_urlsafe(_BYTES))
        unfinished.rename(file)
    return file.read_text()
