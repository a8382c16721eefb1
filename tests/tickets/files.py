"""Files as people send them, made here."""

import io
import zipfile
from typing import Any

from PIL import Image

TEXT = b"It began after lunch.\n"


def picture(kind: str = "PNG", size: tuple[int, int] = (8, 6), **options: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(out, kind, **options)
    return out.getvalue()


def film(kind: str, frames: int = 3) -> bytes:
    out = io.BytesIO()
    images = [Image.new("RGB", (8, 6), (n * 60, 0, 0)) for n in range(frames)]
    images[0].save(out, kind, save_all=True, append_images=images[1:], duration=120)
    return out.getvalue()


def zipped_names(entries: dict[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in entries.items():
            archive.writestr(name, text)
    return out.getvalue()


def docx() -> bytes:
    return zipped_names({"[Content_Types].xml": "<Types/>", "word/document.xml": "<w/>"})


BOUNDARY = b"-----a-boundary"
FORM = f"multipart/form-data; boundary={BOUNDARY.decode()}"


def part(headers: bytes, content: bytes) -> bytes:
    return b"--" + BOUNDARY + b"\r\nContent-Disposition: form-data; " + headers + b"\r\n\r\n" + content + b"\r\n"


def form(content: bytes, name: str | bytes = "smoke.txt", type_: str = "", **fields: Any) -> bytes:
    """The body as a browser writes it, whatever the name holds."""
    raw = name if isinstance(name, bytes) else name.encode()
    headers = b'name="file"; filename="' + raw + b'"' + (f"\r\nContent-Type: {type_}".encode() if type_ else b"")
    texts = b"".join(part(f'name="{field}"'.encode(), str(value).encode()) for field, value in fields.items())
    return texts + part(headers, content) + b"--" + BOUNDARY + b"--\r\n"


def upload(
    client: Any, ticket: Any, content: bytes = TEXT, name: str | bytes = "smoke.txt", *args: Any, **more: Any
) -> Any:
    return send(client, ticket, form(content, name, *args, **more))


def send(client: Any, ticket: Any, body: bytes, content_type: str = FORM, **headers: Any) -> Any:
    return client.generic("POST", f"/api/tickets/{ticket.pk}/attachments/", body, content_type=content_type, **headers)


def body_of(response: Any) -> bytes:
    assert response.status_code in (200, 206), response.content
    return b"".join(response.streaming_content)
