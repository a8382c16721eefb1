"""How much memory the server takes while a file of 1 GiB comes in, and while it goes out: less than 64 MiB.

    python -m tests.benchmarks.large_files [MEBIBYTES]       on the server that DATABASE_URL names; needs no data

By the kernel's own mark of the most that Daphne's process held (VmHWM), against what it held after a small file. The
file waits in TMPDIR meanwhile, up to four times: it must be on a disk, and not in memory.
"""

import socket
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx

from tests.benchmarks.sign_in_memory import megabytes
from tests.servers.programs import Daphne

MEBIBYTE, MOST = 1024 * 1024, 64
LINE = b"It began after lunch, and the smoke was blue: 012\n"
PIECE = (LINE * (MEBIBYTE // len(LINE) + 1))[: MEBIBYTE - 1] + b"\n"


def main() -> int:
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 1024
    from tests.benchmarks.own_desk import UNLIMITED, own_desk

    with own_desk(**UNLIMITED, ATTACHMENT_MAX_BYTES=str(2**31 - 1)) as daphne:
        taken = measure(daphne, size)
    for what, (megabyte, seconds) in taken.items():
        print(f"{size} MiB {what}: {seconds:.1f} s, {megabyte:.1f} MiB more than before")
    good = max(megabyte for megabyte, _seconds in taken.values()) < MOST
    print("good" if good else f"NOT GOOD: the limit is {MOST} MiB")
    return 0 if good else 1


def measure(daphne: Daphne, size: int) -> dict[str, tuple[float, float]]:
    """What was done: the mebibytes by which the server had grown at most until then, and the seconds it took."""
    from tests.factories import ticket_of
    from tests.people import UserFactory, access_token

    user = UserFactory()
    path = f"/api/tickets/{ticket_of(user).pk}/attachments/"
    headers = {"Authorization": f"Bearer {access_token(user)}"}
    # What the first requests load is no part of it.
    url = upload(daphne, path, headers, 1)
    assert download(url, headers) == MEBIBYTE
    before = megabytes(daphne, "VmRSS")
    taken: dict[str, tuple[float, float]] = {}

    def timed(what: str, do: Callable[[], Any]) -> Any:
        began = time.monotonic()
        result = do()
        taken[what] = megabytes(daphne, "VmHWM") - before, time.monotonic() - began
        return result

    url = timed("in", lambda: upload(daphne, path, headers, size))
    assert timed("out", lambda: download(url, headers)) == size * MEBIBYTE
    timed("out to somebody who reads nothing", lambda: stall(daphne, url, headers))
    return taken


def upload(daphne: Daphne, path: str, headers: dict[str, str], size: int) -> str:
    from tests.tickets.files import BOUNDARY, FORM

    def body() -> Iterator[bytes]:
        yield b"--" + BOUNDARY + b'\r\nContent-Disposition: form-data; name="file"; filename="large.log"\r\n\r\n'
        for _ in range(size):
            yield PIECE
        yield b"\r\n--" + BOUNDARY + b"--\r\n"

    answer = httpx.post(daphne.base_url + path, content=body(), headers=headers | {"Content-Type": FORM}, timeout=600)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["url"])


def download(url: str, headers: dict[str, str]) -> int:
    with httpx.stream("GET", url, headers=headers, timeout=600) as answer:
        return sum(len(piece) for piece in answer.iter_raw())


def stall(daphne: Daphne, url: str, headers: dict[str, Any]) -> None:
    """Ask, and read nothing."""
    path = httpx.URL(url).path
    with socket.create_connection(("127.0.0.1", daphne.port)) as connected:
        lines = [f"GET {path} HTTP/1.1", "Host: localhost", f"Authorization: {headers['Authorization']}", "", ""]
        connected.sendall("\r\n".join(lines).encode())
        time.sleep(5)


if __name__ == "__main__":
    sys.exit(main())
