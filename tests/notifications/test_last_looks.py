"""Whether the recipient may still read it is asked again when it is sent."""

from helpdesk.notifications.models import EmailLog
from tests.factories import comment_on, ticket_of
from tests.notifications.fates import DAY, fates, send
from tests.people import AgentFactory, UserFactory
from tests.servers import Smtp


def test_an_internal_note_is_mailed_only_to_who_is_an_agent_by_then(post_office: Smtp) -> None:
    names = ("ann", "bob", "gone", "author")
    ann, bob, gone, author = (AgentFactory(username=name) for name in names)
    ticket = ticket_of(UserFactory(username="ada"))
    for agent in (ann, bob, gone):
        comment_on(ticket, agent)
    EmailLog.objects.all().delete()
    comment_on(ticket, author, content="He smokes.", is_internal=True)
    bob.role = "customer"
    bob.save()
    gone.is_active = False
    gone.save()

    assert (send(), send(DAY)) == (1, 0)

    assert [mail.to for mail in post_office.mails] == [["ann@example.com"]]
    assert fates() == {
        "ann": ["sent", 1, ""],
        "bob": ["failed", 1, "The recipient may not read this any more."],
        "gone": ["failed", 1, "The recipient is inactive."],
    }


def test_who_may_still_see_the_ticket_but_is_no_agent_gets_no_note_of_it(post_office: Smtp) -> None:
    ann, author = AgentFactory(username="ann"), AgentFactory(username="author")
    ticket = ticket_of(ann)
    comment_on(ticket, ann)
    EmailLog.objects.all().delete()
    comment_on(ticket, author, content="He smokes.", is_internal=True)
    ann.role = "customer"
    ann.save()

    assert send() == 0

    assert fates() == {"ann": ["failed", 1, "The recipient may not read this any more."]}
    assert post_office.connections == 0


def test_who_lost_the_sight_of_a_ticket_or_the_address_is_not_mailed(post_office: Smtp) -> None:
    ada, ann = UserFactory(username="ada"), AgentFactory(username="ann")
    ticket = ticket_of(ada, assigned_to=ann.pk)
    EmailLog.objects.all().delete()
    comment_on(ticket, AgentFactory())
    ann.role = "customer"
    ann.save()
    ada.email = ""
    ada.save()

    assert send() == 0

    assert fates() == {
        "ada": ["failed", 1, "The recipient has no address."],
        "ann": ["failed", 1, "The recipient may not read this any more."],
    }
