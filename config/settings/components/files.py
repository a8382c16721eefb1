"""What people attach: how much, of which kinds, where it is kept, and who looks into it first."""

from typing import Any

from helpdesk.files.kinds import KINDS

from .env import BASE_DIR, LARGEST, address, env, one_of, within

ATTACHMENT_MAX_BYTES = env("ATTACHMENT_MAX_BYTES", cast=within(1, LARGEST), default=10 * 1024 * 1024)
ATTACHMENT_TYPES = env("ATTACHMENT_TYPES", cast=[one_of(*KINDS)], default=list(KINDS))
# A picture is decoded; each of its pixels takes up to four bytes meanwhile.
ATTACHMENT_MAX_PIXELS = env("ATTACHMENT_MAX_PIXELS", cast=within(1, LARGEST), default=50_000_000)

# Outside of everything that a web server shows.
ATTACHMENT_ROOT = env("ATTACHMENT_ROOT", default=str(BASE_DIR / ".local" / "attachments"))
# Where nginx finds the same directory, for itself only: Django then says which file, and nginx sends it.
ATTACHMENT_ACCEL_PREFIX = env("ATTACHMENT_ACCEL_PREFIX", default="")

# Instead of the directory: any object storage that speaks S3. Needs requirements/s3.lock.
ATTACHMENT_S3_BUCKET = env("ATTACHMENT_S3_BUCKET", default="")
ATTACHMENT_STORAGE: dict[str, Any] = {
    "BACKEND": "django.core.files.storage.FileSystemStorage",
    "OPTIONS": {
        "location": ATTACHMENT_ROOT,
        "base_url": None,
        "file_permissions_mode": 0o640,
        "directory_permissions_mode": 0o750,
    },
}
if ATTACHMENT_S3_BUCKET:
    # nginx has no way to it, whatever the compose file says.
    ATTACHMENT_ACCEL_PREFIX = ""
    ATTACHMENT_STORAGE = {
        "BACKEND": "helpdesk.files.bucket.Bucket",
        "OPTIONS": {
            "bucket_name": ATTACHMENT_S3_BUCKET,
            "endpoint_url": env("ATTACHMENT_S3_ENDPOINT", cast=address("https", "http"), default="") or None,
            "region_name": env("ATTACHMENT_S3_REGION", default="") or None,
            "access_key": env("ATTACHMENT_S3_ACCESS_KEY", default="") or None,
            "secret_key": env("ATTACHMENT_S3_SECRET_KEY", default="") or None,
            "default_acl": None,
            "file_overwrite": False,
        },
    }

# clamd: tcp://host:3310 or unix:///run/clamd.sock. Without one, nothing is scanned.
CLAMAV_ADDRESS = env("CLAMAV_ADDRESS", cast=address("tcp", "unix"), default="")
CLAMAV_TIMEOUT = env("CLAMAV_TIMEOUT", cast=within(0.1, 600, float), default=30.0)
