"""Categories, tags and teams in the admin, and a ticket that is filed there."""

from typing import Any

from helpdesk.tickets.models import Category, Tag, Team, Ticket
from tests.admin.forms import Browser, change, form_of, new_ticket, of, said, types
from tests.factories import category_of, tag_of, team_of, ticket_of
from tests.people import AgentFactory


def test_a_ticket_is_opened_and_filed(browser_as: Browser, admin: Any) -> None:
    category, tag = category_of(team=team_of()), tag_of()
    form = new_ticket(category=category.pk, tags=[tag.pk], team="")

    assert browser_as(admin).post("/admin/tickets/ticket/add/", form).status_code == 302

    ticket = Ticket.objects.get()
    assert (ticket.category, ticket.tags, ticket.team) == (category, [tag], category.team)


def test_a_ticket_is_filed_anew(browser_as: Browser, admin: Any) -> None:
    one, two = tag_of("one"), tag_of("two")
    category, team = category_of(), team_of()
    ticket = ticket_of(admin, tags=["one"], category=category.pk)
    browser = browser_as(admin)

    assert form_of(browser.get(of(ticket)))["tags"] == [str(one.pk)]
    response = change(browser, of(ticket), tags=[two.pk, one.pk], category="", team=team.pk)

    assert response.status_code == 302
    ticket = Ticket.objects.get()
    assert (ticket.category, ticket.tags, ticket.team, ticket.version) == (None, [one, two], team, 2)
    assert types()[-2:] == ["ticket_team_changed", "ticket_updated"]


def test_two_people_who_change_tags_and_title_both_succeed(browser_as: Browser, admin: Any) -> None:
    tag_of("one"), tag_of("two")
    ticket = ticket_of(admin, tags=["one"])
    browser = browser_as(admin)
    shown = form_of(browser.get(of(ticket)))

    change(browser, of(ticket), tags=[tag.pk for tag in Tag.objects.all()])
    browser.post(of(ticket), shown | {"title": "Smoke"})

    ticket = Ticket.objects.get()
    assert (ticket.title, len(ticket.tag_ids)) == ("Smoke", 2)


def test_a_deleted_ticket_shows_where_it_was_filed(browser_as: Browser, admin: Any) -> None:
    ticket = ticket_of(admin, category=category_of(team=team_of()).pk, tags=[tag_of("fire").name])
    browser = browser_as(admin)
    browser.post(of(ticket).replace("change", "delete"), {"post": "yes"})

    page = said(browser.get(of(ticket)))

    assert all(name in page for name in ("Hardware", "fire", "Field service"))


def test_a_category_is_kept(browser_as: Browser, admin: Any) -> None:
    above, team = category_of(), team_of()
    browser = browser_as(admin)

    form = {"name": " Printers ", "parent": above.pk, "team": team.pk, "priority": "high"}
    assert browser.post("/admin/tickets/category/add/", form).status_code == 302

    category = Category.objects.get(name="Printers")
    path = f"/admin/tickets/category/{category.pk}/"
    assert (category.parent, category.team, category.priority) == (above, team, "high")
    assert change(browser, f"{path}change/", parent="", team="", priority="").status_code == 302
    category.refresh_from_db()
    assert (category.parent, category.team, category.priority) == (None, None, None)
    assert browser.post(f"{path}delete/", {"post": "yes"}).status_code == 302
    assert types()[-3:] == ["category_created", "category_updated", "category_deleted"]


def test_a_team_is_kept(browser_as: Browser, admin: Any, agent: Any, customer: Any) -> None:
    other = AgentFactory()
    browser = browser_as(admin)

    form = {"name": "Second line", "assignment": "round_robin", "agents": [agent.pk, other.pk]}
    assert browser.post("/admin/tickets/team/add/", form).status_code == 302

    team = Team.objects.get()
    path = f"/admin/tickets/team/{team.pk}/change/"
    assert set(team.members.all()) == {agent, other}
    assert change(browser, path, agents=[other.pk]).status_code == 302
    assert list(team.members.all()) == [other]
    assert change(browser, path).status_code == 302
    assert change(browser, path, agents=[customer.pk]).status_code == 200
    assert types() == ["team_created", "team_updated"]


def test_what_cannot_be_is_said_beside_the_field(browser_as: Browser, admin: Any) -> None:
    tag_of(), category_of("Printers", parent=category_of())
    browser = browser_as(admin)

    taken = browser.post("/admin/tickets/tag/add/", {"name": "PRINTER", "color": "#1f883d"})
    below = Category.objects.get(parent=None)
    moved = change(browser, f"/admin/tickets/category/{below.pk}/change/", parent=category_of("Lone").pk)
    wrong = browser.post("/admin/tickets/tag/add/", {"name": "x", "color": "green"})

    assert "There is one of this name already." in said(taken)
    assert "this one has others below it" in said(moved)
    assert "A colour is #" in said(wrong)
    assert Tag.objects.count() == 1


def test_what_is_in_use_stays_and_the_page_says_why(browser_as: Browser, admin: Any) -> None:
    category, tag, team = category_of(), tag_of(), team_of()
    ticket_of(admin, category=category.pk, tags=["printer"], team=team.pk)
    browser = browser_as(admin)

    for kind, row in (("category", category), ("tag", tag), ("team", team)):
        page = browser.post(f"/admin/tickets/{kind}/{row.pk}/delete/", {"post": "yes"}, follow=True)
        assert "ickets" in "".join(str(message) for message in page.context["messages"])
        # Nor by the action of a list, which could not say why.
        chosen = {"_selected_action": [row.pk], "action": "delete_selected", "post": "yes"}
        browser.post(f"/admin/tickets/{kind}/", chosen)
    assert (Category.objects.count(), Tag.objects.count(), Team.objects.count()) == (1, 1, 1)
