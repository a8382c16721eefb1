"""Thousands of sockets that are ended do not come back in the same moment."""

import collections
import re

import pytest

from helpdesk.accounts.models import User
from helpdesk.core.draining import Draining
from helpdesk.realtime import restarting
from helpdesk.realtime import socket as socket_module
from helpdesk.realtime.database import for_socket
from helpdesk.realtime.hub import Hub
from tests.people import access_token
from tests.realtime.inside import Inside, soon


@pytest.mark.parametrize(("sockets", "latest"), [(1, 1.1), (1000, 6.0), (100_000, 30.0)])
def test_the_more_there_are_the_longer_they_stay_away(sockets: int, latest: float) -> None:
    hints = [restarting.hint(sockets) for _ in range(200)]

    assert all(re.fullmatch(r"retry_after=\d+\.\d", hint) for hint in hints)
    assert all(0 < float(hint.partition("=")[2]) <= latest for hint in hints)
    assert all(len(hint) <= 123 for hint in hints), "the reason of a close frame holds no more"


def test_of_five_thousand_no_second_gets_a_crowd() -> None:
    seconds = collections.Counter(int(float(restarting.hint(5000).partition("=")[2])) for _ in range(5000))

    assert max(seconds.values()) < 2 * restarting.COMING_BACK


@pytest.mark.parametrize("sockets", [1, 1000, 100_000])
def test_the_waves_end_in_time(sockets: int) -> None:
    assert sockets // restarting.WAVE * restarting.pause(sockets) <= restarting.LONGEST


async def test_who_comes_while_the_process_ends_is_sent_away(
    hub: Hub, transactional_db: None, agent: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = await for_socket(access_token, agent)
    draining = Draining()
    monkeypatch.setattr(socket_module, "draining", draining)
    here = Inside(token)
    await soon(lambda: here.of("welcome"))
    draining.begin()
    late = Inside(token)
    await soon(lambda: late.closed)
    assert (late.closed, late.frames, here.closed) == (1012, [], None)

    await hub.end()

    assert here.closed == 1012
    await here.leave()
    await late.leave()
