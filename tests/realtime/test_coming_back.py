"""What a client hears that was away."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from helpdesk.events.cursors import Cursor
from tests.factories import ticket_of
from tests.realtime.client import Opener
from tests.servers import Daphne


def test_a_client_that_was_away_hears_what_it_missed_and_nothing_twice(
    server: Daphne, customer: Any, agent: Any, listen: Opener
) -> None:
    first = listen(server, agent)
    ticket_of(customer, title="Heard")
    cursor = first.next()["cursor"]
    first.connection.close()
    ticket_of(customer, title="Missed")
    ticket_of(customer, title="Missed too")

    back = listen(server, agent, after=cursor)

    assert back.welcome["recovered"] is True
    assert [frame["ticket"]["title"] for frame in back.take(2)] == ["Missed", "Missed too"]
    ticket_of(customer, title="Live")
    assert back.next()["ticket"]["title"] == "Live"
    assert back.so_far() == []


def test_the_cursor_of_the_welcome_misses_nothing_that_is_still_being_replayed(
    server: Daphne, customer: Any, agent: Any, listen: Opener
) -> None:
    cursor = listen(server, agent).welcome["cursor"]
    ticket_of(customer)

    cut_off = listen(server, agent, after=cursor)
    cut_off.connection.close()

    assert listen(server, agent, after=cut_off.welcome["cursor"]).next()["type"] == "ticket_created"


def test_an_expired_cursor_means_reload_and_go_on_from_here(
    server: Daphne, customer: Any, agent: Any, listen: Opener
) -> None:
    ticket_of(customer)
    client = listen(server, agent, after=str(Cursor(position=0, at=timezone.now() - timedelta(days=31))))

    assert client.welcome["recovered"] is False
    assert client.so_far() == []
    ticket_of(customer)
    assert client.next()["type"] == "ticket_created"


def test_a_cursor_that_is_none_gets_an_error_frame_behind_the_welcome(
    server: Daphne, agent: Any, listen: Opener
) -> None:
    client = listen(server, agent, after="garbage")

    assert client.welcome["recovered"] is False
    heard = client.next()
    assert (heard["type"], heard["code"]) == ("error", "invalid")
    assert client.is_alive()
