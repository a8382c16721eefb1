"""One ticket from opening to closing, over real HTTP, real sockets, a real worker and a real mail server."""

import time
from contextlib import ExitStack, closing

import pytest

from tests.journeys.client import Person
from tests.people import AgentFactory, UserFactory
from tests.servers import Desk, eventually


def subjects_to(desk: Desk, address: str) -> list[str]:
    return [mail.subject for mail in desk.smtp.mails if mail.to == [address]]


@pytest.mark.slow
def test_a_customer_and_an_agent_hear_of_everything_that_happens(desk: Desk) -> None:
    UserFactory(username="ada", email="ada@example.com", language="es")
    AgentFactory(username="grace", email="grace@example.com")
    AgentFactory(username="linus", email="linus@example.com")
    with ExitStack() as open_things:
        enter = open_things.enter_context
        ada = enter(closing(Person(desk.base_url, "ada")))
        grace = enter(closing(Person(desk.base_url, "grace@example.com")))
        at_ada, at_grace = enter(ada.listen(desk.ws_url)), enter(grace.listen(desk.ws_url))

        # Ada opens a ticket; Grace hears it within a second.
        asked = time.monotonic()
        ticket = ada.answer(201, "POST", "/api/tickets/", json={"title": "Impresora", "description": "No imprime."})
        heard = at_grace.next(seconds=1)
        assert time.monotonic() - asked < 1.5
        number = ticket["id"]
        assert (heard["type"], heard["message"]) == ("ticket_created", f"New ticket #{number}: Impresora")
        path = f"/api/tickets/{number}/"

        # Grace claims it and answers; Ada hears both, Grace hears her own claim and not her own comment.
        assert grace.answer(200, "POST", f"{path}claim/")["assigned_to"]["username"] == "grace"
        assert at_ada.next()["changes"]["assigned_to"]["to"]["username"] == "grace"
        assert at_grace.next()["type"] == "ticket_assigned"
        grace.answer(201, "POST", f"{path}comments/", json={"content": "¿Hay papel?"})
        assert at_ada.next()["comment"] == {
            "id": eventually(lambda: ada.answer(200, "GET", path)["comments"][0]["id"]),
            "author": "grace",
            "content": "¿Hay papel?",
        }
        grace.answer(201, "POST", f"{path}comments/", json={"content": "She always forgets.", "is_internal": True})
        assert at_ada.is_silent()
        assert at_grace.is_silent()

        # Ada goes away; what happens meanwhile she gets when she is back, in order and without a gap.
        at_ada.close()
        grace.answer(200, "PATCH", path, json={"status": "in_progress", "priority": "high"})
        grace.answer(200, "PATCH", path, json={"status": "resolved"})
        back = enter(ada.listen(desk.ws_url, after=at_ada.cursor))
        assert back.welcome["recovered"] is True
        missed = [back.next() for _ in range(3)]
        assert [(e["type"], e["ticket"].get("new_status")) for e in missed] == [
            ("status_changed", "in_progress"),
            ("priority_changed", None),
            ("status_changed", "resolved"),
        ]
        assert at_grace.types(3) == ["status_changed", "priority_changed", "status_changed"]

        # By REST she would have read the same.
        stream = ada.answer(200, "GET", "/api/events/", params={"after": at_ada.cursor})
        assert stream["results"] == missed
        assert stream["next"] == stream["head"]

        # Ada is not content: her comment wakes the ticket, and its assignee hears both.
        ada.answer(201, "POST", f"{path}comments/", json={"content": "Sigue sin imprimir."})
        assert at_grace.types(2) == ["comment_added", "status_changed"]
        assert back.types(1) == ["status_changed"]
        grace.answer(200, "POST", f"{path}close/")
        assert ada.answer(200, "GET", path)["status"] == "closed"

        # The timeline tells it all, each to their eyes.
        def timeline(person: Person) -> list[str]:
            return [entry["type"] for entry in person.answer(200, "GET", f"{path}timeline/")["results"]][::-1]

        public = [
            "ticket_assigned",
            "comment_added",
            "status_changed",
            "priority_changed",
            "status_changed",
            "comment_added",
            "status_changed",
            "status_changed",
        ]
        assert timeline(ada) == public
        assert timeline(grace) == ["ticket_created", *public[:2], "note_added", *public[2:]]

        # And the mails: the receipt, each status that Ada did not change herself, Grace's comment; nothing of the note.
        eventually(lambda: len(desk.smtp.mails) >= 8, seconds=20)
        ticket_mails = f"[Ticket #{number}] "
        assert all(mail.subject.startswith(ticket_mails) for mail in desk.smtp.mails)
        to_ada = [mail for mail in desk.smtp.mails if mail.to == ["ada@example.com"]]
        assert len(to_ada) == 5
        assert not any("forgets" in mail.text + mail.html for mail in to_ada)
        # Linus: only the new ticket. Grace: the new ticket, and Ada's comment as the assignee.
        assert len(subjects_to(desk, "linus@example.com")) == 1
        assert len(subjects_to(desk, "grace@example.com")) == 2
        assert len(desk.smtp.mails) == 8
        ids = [mail.message_id for mail in desk.smtp.mails]
        assert len(ids) == len(set(ids))
