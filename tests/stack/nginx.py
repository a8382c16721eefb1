"""nginx as its image starts it: the start script, the template, the static files."""

import http.client
import os
import shutil
import socket
import ssl
import subprocess
from pathlib import Path

import httpx
from websockets.sync.client import ClientConnection, connect

from tests.servers import HOST, Server, free_port
from tests.stack.image import NAME, Image

MISSING = (
    "not all of nginx, its module, openssl and curl are here: "
    "apt-get install nginx libnginx-mod-http-headers-more-filter openssl curl"
)


# Debian keeps it where only root looks.
_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin"
_MODULE = Path("/usr/lib/nginx/modules/ngx_http_headers_more_filter_module.so")


def missing() -> bool:
    return not (_MODULE.exists() and all(shutil.which(program, path=_PATH) for program in ("nginx", "openssl", "curl")))


def certificate(directory: Path) -> Path:
    directory.mkdir()
    subject = ["-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME},IP:{HOST}"]
    made = ["-out", directory / "fullchain.pem", "-keyout", directory / "privkey.pem", "-days", "2"]
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    subprocess.run([*command, *subject, *made], check=True, capture_output=True)
    return directory


class Nginx(Server):
    """`shorter={"75s": "2s"}` replaces times in the template, each of which must be there."""

    def __init__(self, image: Image, directory: Path, *, upstream: str, shorter: dict[str, str], **more: str) -> None:
        self.port, self.plain_port, status_port = free_port(), free_port(), free_port()
        self.url, self.plain_url = f"https://{HOST}:{self.port}", f"http://{HOST}:{self.plain_port}"
        self.certificates = directory / "certificates"
        if not self.certificates.exists():
            certificate(self.certificates)
        template = directory / "template"
        text = image.path("/etc/nginx/helpdesk.conf.template").read_text()
        for usual, short in shorter.items():
            assert usual in text
            text = text.replace(usual, short)
        template.write_text(text)
        self.image = image
        env = {
            "PATH": _PATH,
            "NGINX_TEMPLATE": str(template),
            "NGINX_CERTIFICATES": str(self.certificates),
            "NGINX_STATIC": str(image.path("/srv/static")),
            "NGINX_WORK": str(directory / "nginx"),
            "NGINX_UPSTREAM": upstream,
            "NGINX_HTTP_PORT": str(self.plain_port),
            "NGINX_HTTPS_PORT": str(self.port),
            "NGINX_STATUS_PORT": str(status_port),
            **more,
        }
        super().__init__("nginx", str(image.path("/start")), env=env, directory=directory)

    @property
    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.certificates / "fullchain.pem"))

    def is_ready(self) -> bool:
        return self.healthcheck() == 0

    def healthcheck(self) -> int:
        script = self.image.path("/healthcheck")
        return subprocess.run([script], env=self.env, capture_output=True, check=False).returncode

    def client(self, **options: object) -> httpx.Client:
        headers = {"Host": NAME, **options.pop("headers", {})}  # type: ignore[dict-item]
        return httpx.Client(base_url=self.url, verify=self.trust, headers=headers, timeout=30, **options)

    def socket(self, path: str, **options: object) -> ClientConnection:
        """Addressed by name, which is what DJANGO_ALLOWED_HOSTS and the certificate know."""
        plain = socket.create_connection((HOST, self.port))
        return connect(f"wss://{NAME}{path}", sock=plain, ssl=self.trust, proxy=None, **options)

    def http2(self, path: str, *options: str) -> str:
        """Headers and body; httpx has no HTTP/2 without another package."""
        where = ["--resolve", f"{NAME}:{self.port}:{HOST}", "--cacert", str(self.certificates / "fullchain.pem")]
        command = ["curl", "-si", "--http2", *where, *options, f"https://{NAME}:{self.port}{path}"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def raw(self) -> ssl.SSLSocket:
        connection = http.client.HTTPSConnection(HOST, self.port, timeout=20, context=self.trust)
        connection.connect()
        assert isinstance(connection.sock, ssl.SSLSocket)
        return connection.sock
