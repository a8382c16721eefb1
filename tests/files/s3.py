"""A little object storage: it speaks as much of S3 as files need, to those who sign with its key."""

import hashlib
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

from tests.servers import HOST

BUCKET, ACCESS, SECRET = "helpdesk-files", "an-access-key", "a-secret-of-the-bucket"
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "S3"

    def log_message(self, *_: Any) -> None: ...

    def respond(self) -> None:
        parts = urlsplit(self.path)
        self.asked = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        self.key = unquote(parts.path).removeprefix(f"/{BUCKET}").removeprefix("/")
        self.body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.asked.append((self.command, self.key, self.headers.get("Range", "")))
        if self.server.is_away:
            self.answer(503, b"<Error><Code>SlowDown</Code></Error>")
        elif f"Credential={ACCESS}/" not in self.headers.get("Authorization", ""):
            self.answer(403, b"<Error><Code>AccessDenied</Code></Error>")
        elif not unquote(parts.path).startswith(f"/{BUCKET}"):
            self.answer(404, b"<Error><Code>NoSuchBucket</Code></Error>")
        else:
            getattr(self, f"on_{self.command.lower()}")()

    do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = respond  # noqa: N815 - as the base class calls them

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in ({"Content_Length": str(len(body))} | headers).items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def on_put(self) -> None:
        # What is cut in pieces of a kind of its own, few other storages understand.
        assert "aws-chunked" not in self.headers.get("Content-Encoding", "")
        key = (self.key, int(self.asked["partNumber"])) if "partNumber" in self.asked else self.key
        self.server.objects[key] = (self.body, datetime.now(UTC))
        self.answer(200, ETag=f'"{hashlib.md5(self.body, usedforsecurity=False).hexdigest()}"')

    def on_post(self) -> None:
        """A file in several parts: it begins, and it is put together."""
        if "uploads" in self.asked:
            self.answer(200, b"<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>")
            return
        parts = sorted(key for key in self.server.objects if isinstance(key, tuple) and key[0] == self.key)
        whole = b"".join(self.server.objects.pop(part)[0] for part in parts)
        self.server.objects[self.key] = (whole, datetime.now(UTC))
        self.answer(200, b"<CompleteMultipartUploadResult><ETag>x</ETag></CompleteMultipartUploadResult>")

    def on_head(self) -> None:
        self.on_get()

    def on_get(self) -> None:
        if not self.key:
            self.list_all()
        elif self.key not in self.server.objects:
            self.answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
        else:
            body, at = self.server.objects[self.key]
            status, headers = 200, {"Last_Modified": format_datetime(at, usegmt=True)}
            if asked := _RANGE.fullmatch(self.headers.get("Range", "")):
                first = int(asked[1])
                headers["Content_Range"] = f"bytes {first}-{len(body) - 1}/{len(body)}"
                status, body = 206, body[first:]
            self.answer(status, body, **headers)

    def list_all(self) -> None:
        prefix = self.asked.get("prefix", "")
        rest = [str(key).removeprefix(prefix) for key in self.server.objects if str(key).startswith(prefix)]
        files = "".join(f"<Contents><Key>{escape(prefix + r)}</Key></Contents>" for r in rest if "/" not in r)
        directories = {r.partition("/")[0] for r in rest if "/" in r}
        common = "".join(
            f"<CommonPrefixes><Prefix>{escape(prefix + d)}/</Prefix></CommonPrefixes>" for d in directories
        )
        said = f"<ListBucketResult><IsTruncated>false</IsTruncated>{files}{common}</ListBucketResult>"
        self.answer(200, said.encode())

    def on_delete(self) -> None:
        self.server.objects.pop(self.key, None)
        self.answer(204)


class S3(ThreadingHTTPServer):
    daemon_threads = True
    is_away: ClassVar[bool] = False

    def __init__(self) -> None:
        super().__init__((HOST, 0), _Handler)
        self.objects: dict[Any, tuple[bytes, datetime]] = {}
        self.asked: list[tuple[str, str, str]] = []

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.server_address[1]}"

    @property
    def environment(self) -> dict[str, str]:
        """What a deployment says to keep its files here."""
        return {
            "ATTACHMENT_S3_BUCKET": BUCKET,
            "ATTACHMENT_S3_ENDPOINT": self.address,
            "ATTACHMENT_S3_REGION": "eu-south-2",
            "ATTACHMENT_S3_ACCESS_KEY": ACCESS,
            "ATTACHMENT_S3_SECRET_KEY": SECRET,
        }


@contextmanager
def running() -> Iterator[S3]:
    server = S3()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
