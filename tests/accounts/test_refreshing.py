"""Twenty who refresh the same token at once, ten times: over real HTTP."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import httpx
import pytest

from helpdesk.accounts.models import Session
from tests.accounts.devices import endings
from tests.people import PASSWORD, UserFactory
from tests.servers import Daphne

AT_ONCE = 20
ROUNDS = 10


@pytest.mark.slow
def test_of_ten_times_twenty_refreshes_at_once_exactly_ten_succeed(
    shared_daphne: Daphne, transactional_db: None
) -> None:
    user = UserFactory()
    succeeded, reborn = [], []
    with httpx.Client(base_url=shared_daphne.base_url, timeout=60) as client, ThreadPoolExecutor(AT_ONCE) as pool:
        for _ in range(ROUNDS):
            body = {"username": user.username, "password": PASSWORD}
            parent = client.post("/api/auth/token/", json=body).json()["refresh"]
            gate = Barrier(AT_ONCE)

            def refresh(_n: int, gate: Barrier = gate, parent: str = parent) -> httpx.Response:
                gate.wait(60)
                return client.post("/api/auth/token/refresh/", json={"refresh": parent})

            answers = list(pool.map(refresh, range(AT_ONCE)))
            assert {answer.status_code for answer in answers} == {200, 401}
            children = [answer.json() for answer in answers if answer.status_code == 200]
            succeeded.append(len(children))
            # Twenty hold it, so the one child is dead by now as well.
            reborn += [client.post("/api/auth/token/refresh/", json={"refresh": c["refresh"]}) for c in children]
            reborn += [
                client.get("/api/users/me/", headers={"Authorization": f"Bearer {c['access']}"}) for c in children
            ]

    assert succeeded == [1] * ROUNDS
    assert {answer.status_code for answer in reborn} == {401}
    assert [(type_, reason) for type_, reason, *_ in endings()] == [("session_ended", "refresh_reused")] * ROUNDS
    assert not Session.objects.filter(ended_at=None).exists()
