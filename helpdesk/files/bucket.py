"""An object storage that speaks S3, as files are kept there. Only imported where ATTACHMENT_S3_BUCKET names one."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from storages.backends.s3 import S3Storage
from storages.utils import clean_name

# Sums of a newer kind than most storages know are sent only where they must be: the rows have SHA-256.
_CLIENT: Final = Config(
    connect_timeout=5,
    read_timeout=30,
    retries={"mode": "standard", "total_max_attempts": 3},
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
)
# Ten threads would hold ten parts of 8 MiB in memory.
_TRANSFER: Final = TransferConfig(use_threads=False)


class Bucket(S3Storage):
    """Fails as a directory would; and reads what is asked for, where its base reads all of a file into memory first."""

    def get_default_settings(self) -> dict[str, Any]:
        defaults: dict[str, Any] = super().get_default_settings()
        return defaults | {"client_config": _CLIENT, "transfer_config": _TRANSFER}

    def _open(self, name: str, mode: str = "rb") -> "_Object":  # noqa: ARG002 - nothing is written in place
        return _Object(self.bucket.Object(self._normalize_name(clean_name(name))))

    def _save(self, name: str, content: Any) -> str:
        with _as_os_errors():
            saved: str = super()._save(name, content)
        return saved

    def exists(self, name: str) -> bool:
        with _as_os_errors():
            found: bool = super().exists(name)
        return found

    def delete(self, name: str) -> None:
        with _as_os_errors():
            super().delete(name)

    def get_modified_time(self, name: str) -> Any:
        with _as_os_errors():
            return super().get_modified_time(name)

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        with _as_os_errors():
            listed: tuple[list[str], list[str]] = super().listdir(path)
        return listed


class _Object:
    """Read from one place on, as it comes."""

    def __init__(self, stored: Any) -> None:
        self._stored = stored
        self._body: Any = None

    def seek(self, position: int) -> None:
        self.close()
        with _as_os_errors():
            self._body = self._stored.get(Range=f"bytes={position}-")["Body"]

    def read(self, size: int) -> bytes:
        if self._body is None:
            self.seek(0)
        with _as_os_errors():
            piece: bytes = self._body.read(size)
        return piece

    def close(self) -> None:
        if self._body is not None:
            self._body.close()


@contextmanager
def _as_os_errors() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        missing = error.response["ResponseMetadata"]["HTTPStatusCode"] == 404  # noqa: PLR2004
        raise (FileNotFoundError if missing else OSError)(str(error)) from error
    except (BotoCoreError, Boto3Error) as error:
        raise OSError(str(error)) from error
