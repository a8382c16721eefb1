"""With the sight of a ticket ends what a socket wanted of it."""

from typing import Any

from django.test import override_settings

from helpdesk.accounts.models import User
from helpdesk.realtime.database import for_socket
from helpdesk.realtime.hub import Hub
from helpdesk.realtime.models import SocketSubscription
from helpdesk.tickets.operations import teams, tickets
from tests.factories import comment_on, ticket_of
from tests.people import NOON
from tests.realtime.inside import Inside, position, soon
from tests.realtime.test_subscribing import connected, end, heard, subscribed
from tests.tickets.queues import team_of


def sight(client: Inside) -> list[tuple[str, Any]]:
    return [(frame["type"], frame["ticket"]) for frame in client.of("access_granted", "access_revoked")]


async def test_who_loses_the_ticket_is_told_once_and_hears_no_more_of_it(
    customer: User, agent: User, admin: User, hub: Hub
) -> None:
    with override_settings(AGENT_SCOPE="assigned"):
        ticket = await for_socket(ticket_of, customer, title="Secret", assigned_to=agent.pk)
        client = await connected(agent)
        await subscribed(client, ticket.pk)
        for changes in ({"assigned_to": None}, {"assigned_to": agent.pk}, {"assigned_to": None}):
            await for_socket(tickets.update_ticket, by=admin, ticket_id=ticket.pk, changes=changes, now=NOON)
        await for_socket(comment_on, ticket, customer)
        await soon(lambda: sight(client) and sight(client)[-1][0] == "access_revoked")
        await soon(lambda: hub.position == 6)

        assert client.socket.subjects == set()
        assert not any("Secret" in str(frame) for frame in client.of("access_revoked"))
        assert not client.of("comment_added")
        back = await connected(agent, after=client.frames[-1]["cursor"])
    assert not await for_socket(SocketSubscription.objects.exists)
    # The next socket may repeat it, and says nothing else.
    assert heard(back) == []
    assert set(sight(back)) <= {("access_revoked", ticket.pk)}
    await end(client, back)


async def test_who_leaves_a_team_reloads_and_loses_what_was_subscribed_to(
    customer: User, agent: User, admin: User, hub: Hub
) -> None:
    with override_settings(AGENT_SCOPE="team"):
        team = await for_socket(team_of, agent)
        ticket = await for_socket(ticket_of, customer, team=team.pk)
        client = await connected(agent)
        await subscribed(client, ticket.pk)

        await for_socket(teams.update_team, by=admin, team_id=team.pk, changes={"members": []}, now=NOON)
        await soon(lambda: len(sight(client)) == 2)
        await for_socket(teams.update_team, by=admin, team_id=team.pk, changes={"members": [agent.pk]}, now=NOON)
        await soon(lambda: len(sight(client)) == 3)

    assert sight(client) == [("access_revoked", None), ("access_revoked", ticket.pk), ("access_granted", None)]
    assert client.socket.subjects == set()
    await end(client)


async def test_what_is_granted_before_an_event_leads_to_the_event_when_the_connection_breaks_in_between(
    customer: User, agent: User, admin: User, hub: Hub
) -> None:
    ticket = await for_socket(ticket_of, customer)
    with override_settings(AGENT_SCOPE="assigned"):
        client = await connected(agent)
        changes = {"assigned_to": agent.pk}
        await for_socket(tickets.update_ticket, by=admin, ticket_id=ticket.pk, changes=changes, now=NOON)
        await soon(lambda: heard(client))
        (granted,), (event,) = client.of("access_granted"), client.of("ticket_assigned")

        back = await connected(agent, after=granted["cursor"])
        await soon(lambda: heard(back))

    assert position(granted) == position(event) - 1
    assert back.of("ticket_assigned") == [event]
    await end(client, back)


async def test_deleting_and_restoring_is_told_to_all_who_see_it(
    customer: User, stranger: User, agent: User, admin: User, hub: Hub
) -> None:
    ticket = await for_socket(ticket_of, customer)
    theirs, others, staff = [await connected(user) for user in (customer, stranger, agent)]

    await for_socket(tickets.delete_ticket, by=admin, ticket_id=ticket.pk, now=NOON)
    await soon(lambda: sight(theirs) and sight(staff))
    await for_socket(tickets.restore_ticket, by=admin, ticket_id=ticket.pk, now=NOON)
    await soon(lambda: len(sight(theirs)) == 2 and len(sight(staff)) == 2)

    assert sight(theirs) == sight(staff) == [("access_revoked", ticket.pk), ("access_granted", ticket.pk)]
    assert [frame["type"] for frame in theirs.frames[1:]] == [
        "ticket_deleted",
        "access_revoked",
        "access_granted",
        "ticket_restored",
    ]
    assert others.frames[1:] == []
    await end(theirs, others, staff)
