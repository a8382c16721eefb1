import asyncio

import pytest

from helpdesk.core.draining import Draining


async def test_who_waits_for_news_is_woken_and_who_comes_later_does_not_wait() -> None:
    draining = Draining()
    waiting = [asyncio.ensure_future(draining.begun()) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()

    draining.begin()

    await asyncio.wait_for(asyncio.gather(*waiting[1:]), 1)
    await asyncio.wait_for(draining.begun(), 1)
    assert draining.is_on


async def test_of_a_farewell_that_fails_the_others_hear_nothing(caplog: pytest.LogCaptureFixture) -> None:
    draining, said = Draining(), []

    async def broken() -> None:
        raise RuntimeError

    async def good() -> None:
        said.append("goodbye")

    draining.before_end(broken)
    draining.before_end(good)
    await draining.say_farewell()

    assert said == ["goodbye"]
    assert "farewell_failed" in caplog.text
