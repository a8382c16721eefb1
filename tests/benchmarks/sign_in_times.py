"""How long a wrong, an unknown and an inactive sign-in take: whether the time tells which names exist.

    python -m tests.benchmarks.sign_in_times       on the server that DATABASE_URL names; needs no data

The three are asked in turns (A B C A B C …): measured one after the other, the machine's moods look like a difference.
"""

import statistics
import time
from collections.abc import Iterable

import httpx

from tests.servers.programs import Daphne

EACH, WARM_UP, ALIKE = 40, 5, 1.15
KINDS = {"wrong": "ada", "unknown": "nobody", "inactive": "gone"}


def main() -> None:
    from tests.benchmarks.own_desk import UNLIMITED, own_desk

    with own_desk(**UNLIMITED) as daphne:
        people()
        report(measure(daphne))


def people() -> None:
    """With passwords hashed as in production."""
    from helpdesk.accounts.hashers import Argon2Hasher
    from tests.people import PASSWORD, UserFactory

    for number, (name, active) in enumerate({KINDS["wrong"]: True, KINDS["inactive"]: False}.items()):
        UserFactory(username=name, is_active=active)
        _set_hash(name, Argon2Hasher().encode(PASSWORD, f"salt-of-sixteen-letters-{number}"))


def _set_hash(name: str, encoded: str) -> None:
    from helpdesk.accounts.models import User

    User.objects.filter(username=name).update(password=encoded)


def measure(server: Daphne) -> dict[str, list[float]]:
    """Milliseconds, by kind."""
    times: dict[str, list[float]] = {kind: [] for kind in KINDS}
    with httpx.Client(base_url=server.base_url, timeout=60) as http:
        for round_ in range(WARM_UP + EACH):
            for kind, name in KINDS.items():
                began = time.perf_counter()
                answer = http.post("/api/auth/token/", json={"username": name, "password": "wrong"})
                took = (time.perf_counter() - began) * 1000
                assert answer.status_code == 401, answer.text
                if round_ >= WARM_UP:
                    times[kind].append(took)
    return times


def spread(times: dict[str, list[float]]) -> float:
    """The slowest median by the fastest."""
    medians = [statistics.median(values) for values in times.values()]
    return max(medians) / min(medians)


def report(times: dict[str, list[float]]) -> None:
    for kind, values in times.items():
        print(f"{kind:9} median {statistics.median(values):6.1f} ms {_ends(values)}")
    print(f"{EACH} each, in turns: slowest : fastest median = {spread(times):.3f} (alike below {ALIKE})")


def _ends(values: Iterable[float]) -> str:
    deciles = statistics.quantiles(values, n=10)
    return f"(10 % below {deciles[0]:.1f}, 10 % above {deciles[-1]:.1f})"


if __name__ == "__main__":
    main()
