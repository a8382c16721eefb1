"""How long a socket may stay, and how its token is renewed."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.people import UserFactory, access_token
from tests.realtime.client import Opener
from tests.realtime.credentials import refresh_token, token_living
from tests.servers import Daphne


def test_a_token_is_renewed_in_place(server: Daphne, agent: Any, open_socket: Opener) -> None:
    client = open_socket(server, f"?token={token_living(agent, timedelta(seconds=2))}&v=1")
    client.send({"type": "auth", "token": access_token(agent)})
    client.next()

    with pytest.raises(TimeoutError):
        client.next(seconds=5)
    assert client.is_alive()


def test_a_token_that_expires_closes_4401(server: Daphne, agent: Any, listen: Opener, open_socket: Opener) -> None:
    client = open_socket(server, f"?token={token_living(agent, timedelta(seconds=2))}&v=1")
    started = timezone.now()
    other = listen(server, agent)

    assert client.close_code(seconds=8) == 4401
    assert timezone.now() - started < timedelta(seconds=7)
    assert other.is_alive()


@pytest.mark.parametrize("make_token", [refresh_token, lambda _user: access_token(UserFactory()), lambda _user: ""])
def test_renewing_with_a_bad_token_closes_4401(
    server: Daphne, agent: Any, listen: Opener, make_token: Callable[[Any], str]
) -> None:
    client = listen(server, agent)
    client.send({"type": "auth", "token": make_token(agent)})

    assert client.close_code() == 4401


@pytest.mark.parametrize("token", [None, 7, ["x"], {"x": 1}])
def test_renewing_without_a_token_is_a_malformed_frame(server: Daphne, agent: Any, listen: Opener, token: Any) -> None:
    client = listen(server, agent)
    client.send({"type": "auth", "token": token})

    assert client.next()["code"] == "malformed_frame"
    assert client.is_alive()
