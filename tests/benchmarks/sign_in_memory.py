"""What forty sign-ins at once cost in memory: with ordinary passwords, and with passwords of 1 MB at each door.

    python -m tests.benchmarks.sign_in_memory       on the server that DATABASE_URL names; needs no data

By the kernel's own mark of the most that Daphne's process held (VmHWM), against what it held before.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from tests.servers.programs import Daphne

AT_ONCE, HUGE, MEGABYTES = 40, 1_000_000, 400
Case = Callable[[httpx.Client, int], int]


def main() -> None:
    from tests.benchmarks.own_desk import UNLIMITED, own_desk

    for name in CASES:
        with own_desk(**UNLIMITED) as daphne:
            report(name, *measure(daphne, name))


def _at_the_api(http: httpx.Client, number: int, password: str) -> int:
    body = {"username": f"nobody-{number}", "password": password}
    return http.post("/api/auth/token/", json=body).status_code


def _at_the_admin(http: httpx.Client, number: int, password: str) -> int:
    http.get("/admin/login/")
    form = {"username": f"nobody-{number}", "password": password, "csrfmiddlewaretoken": http.cookies["csrftoken"]}
    return http.post("/admin/login/", data=form).status_code


CASES: dict[str, Case] = {
    "ordinary": lambda http, number: _at_the_api(http, number, f"wrong-{number}"),
    "1 MB": lambda http, number: _at_the_api(http, number, "p" * HUGE),
    "1 MB, admin": lambda http, number: _at_the_admin(http, number, "p" * HUGE),
}
# What each is answered with when nothing was hashed in vain.
ANSWERS = {"ordinary": {401}, "1 MB": {400}, "1 MB, admin": {200}}


def measure(server: Daphne, name: str) -> tuple[float, float, set[int]]:
    """Megabytes before and at the most, and how the forty were answered."""

    def one(number: int) -> int:
        with httpx.Client(base_url=server.base_url, timeout=120) as http:
            return CASES[name](http, number)

    one(0)  # what the first request loads is no part of it
    before = megabytes(server, "VmRSS")
    with ThreadPoolExecutor(AT_ONCE) as threads:
        answers = set(threads.map(one, range(AT_ONCE)))
    return before, megabytes(server, "VmHWM"), answers


def megabytes(server: Daphne, field: str) -> float:
    lines = dict(line.split(":", 1) for line in Path(f"/proc/{server.pid}/status").read_text().splitlines())
    return int(lines[field].split()[0]) / 1024


def report(name: str, before: float, most: float, answers: set[int]) -> None:
    print(f"{name:12} {before:5.0f} MB before, {most:5.0f} MB at the most, grown by {most - before:4.0f} MB; {answers}")


if __name__ == "__main__":
    main()
