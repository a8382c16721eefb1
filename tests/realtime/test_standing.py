"""Who has no business on a socket any more is off it within five seconds, whatever the channel layer loses."""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import httpx
import pytest
from django.utils import timezone
from websockets.exceptions import ConnectionClosed

from helpdesk.accounts.models import User
from helpdesk.accounts.operations.endings import sign_out_everywhere
from helpdesk.accounts.operations.users import set_password, update_user
from tests.accounts.devices import bearer, refresh, sid, sign_in
from tests.factories import ticket_of
from tests.people import AdminFactory, AgentFactory
from tests.realtime.client import Opener
from tests.servers import Daphne, Valkey

Do = Callable[[User, dict[str, str]], Any]


def change(**changes: Any) -> Do:
    return lambda user, _pair: update_user(by=AdminFactory(), user_id=user.pk, changes=changes, now=timezone.now())


WAYS: dict[str, tuple[Do, int]] = {
    "deactivated": (change(is_active=False), 4403),
    "demoted": (change(role="customer"), 4401),
    "promoted": (change(role="admin"), 4401),
    "a new password": (
        lambda user, _pair: set_password(
            by=AdminFactory(), user_id=user.pk, password="a-long-enough-passphrase", now=timezone.now()
        ),
        4401,
    ),
    "signed out everywhere": (lambda user, _pair: sign_out_everywhere(by=user, now=timezone.now()), 4401),
    "ended from elsewhere": (
        lambda user, pair: bearer(sign_in(user)).delete(f"/api/auth/sessions/{sid(pair)}/"),
        4401,
    ),
    "a stolen refresh token": (lambda _user, pair: [refresh(pair) for _ in range(2)], 4401),
}


@pytest.mark.slow
@pytest.mark.failing_subscriber  # the cache's, while Redis is down
@pytest.mark.parametrize("name", WAYS)
def test_it_bites_at_the_next_request_and_within_five_seconds_on_sockets_without_redis(
    daphne: Daphne, valkey_here: Valkey, open_socket: Opener, name: str
) -> None:
    user, other = AgentFactory(), AgentFactory()
    pair = sign_in(user)
    client, bystander = (
        open_socket(daphne, "?v=1", headers={"Authorization": f"Bearer {held['access']}"})
        for held in (pair, sign_in(other))
    )
    assert (client.next()["type"], bystander.next()["type"]) == ("welcome", "welcome")
    valkey_here.kill()
    do, code = WAYS[name]

    do(user, pair)

    started = time.monotonic()
    headers = {"Authorization": f"Bearer {pair['access']}"}
    assert httpx.get(f"{daphne.base_url}/api/users/me/", headers=headers).status_code == 401
    assert client.close_code(seconds=8) == code
    assert time.monotonic() - started < 5
    assert bystander.is_alive()


def test_a_new_role_is_back_with_a_fresh_token_and_has_missed_nothing(
    server: Daphne, customer: User, open_socket: Opener
) -> None:
    user = AgentFactory()
    pair = sign_in(user)
    client = open_socket(server, "?v=1", headers={"Authorization": f"Bearer {pair['access']}"})
    cursor = client.next()["cursor"]
    update_user(by=AdminFactory(), user_id=user.pk, changes={"role": "admin"}, now=timezone.now())
    assert client.close_code(seconds=5) == 4401
    ticket_of(customer)

    fresh = refresh(pair).json()["access"]
    back = open_socket(server, f"?after={cursor}", headers={"Authorization": f"Bearer {fresh}"})

    assert back.next()["user"]["role"] == "admin"
    assert back.next()["type"] == "ticket_created"


def test_a_fresh_token_sent_in_time_keeps_the_socket(server: Daphne, open_socket: Opener) -> None:
    """As after one's own new password: the client refreshes, and renews in place."""
    user = AgentFactory()
    pair = sign_in(user)
    client = open_socket(server, "?v=1", headers={"Authorization": f"Bearer {pair['access']}"})
    client.next()
    body = {"old_password": "testpass123", "new_password": "a-long-enough-passphrase"}
    assert bearer(pair).post("/api/auth/password/change/", body).status_code == 204
    client.send({"type": "auth", "token": refresh(pair).json()["access"]})

    with pytest.raises(TimeoutError):
        client.next(seconds=4)
    assert client.is_alive()


@pytest.mark.slow
def test_a_screen_that_nobody_sits_at_goes_dark(
    start_daphne: Callable[..., Daphne], valkey_here: Valkey, open_socket: Opener
) -> None:
    server = start_daphne(SESSION_IDLE_TIMEOUT="3")
    idle, busy = sign_in(AgentFactory()), sign_in(AgentFactory())
    sockets = [
        open_socket(server, "?v=1", headers={"Authorization": f"Bearer {pair['access']}"}) for pair in (idle, busy)
    ]
    with httpx.Client(base_url=server.base_url, headers={"Authorization": f"Bearer {busy['access']}"}) as client:
        for _ in range(10):
            assert client.get("/api/users/me/").status_code == 200
            with suppress(ConnectionClosed):
                # Being awake does not help it.
                sockets[0].send({"type": "ping"})
            time.sleep(0.7)

    assert sockets[0].close_code(seconds=1) == 4401
    assert sockets[1].next()["type"] == "welcome"
    assert sockets[1].is_alive()
    refused = httpx.get(f"{server.base_url}/api/users/me/", headers={"Authorization": f"Bearer {idle['access']}"})
    assert (refused.status_code, refused.json()["code"]) == (401, "session_idle")
