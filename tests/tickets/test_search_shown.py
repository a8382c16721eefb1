"""What a search shows when it is asked to: the best first, and where the words were found."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from helpdesk.tickets import search as searching
from helpdesk.tickets.highlights import EXCERPT
from helpdesk.tickets.models import Ticket
from tests.factories import comment_on, ticket_of
from tests.people import NOON

Api = Callable[[Any], Any]


def titles(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [row["title"] for row in answer.json()["results"]]


def highlight(api: Any, text: str) -> dict[str, str]:
    answer = api.get("/api/tickets/", {"search": text, "highlight": "true"})
    assert answer.status_code == 200, answer.content
    (row,) = answer.json()["results"]
    shown: dict[str, str] = row["highlight"]
    return shown


@pytest.fixture
def ranked(customer: Any) -> list[str]:
    """The best first; the later they were opened, the worse."""
    rows = [
        ("Router", "broken"),
        ("Routers everywhere", "x"),
        ("Slow", "The router is old."),
        ("Said", "x"),
    ]
    for n, (title, description) in enumerate(rows):
        ticket = ticket_of(customer, title=title, description=description, now=NOON + timedelta(hours=n))
    comment_on(ticket, customer, content="It is the router.")
    return [title for title, _description in rows]


def test_by_relevance_a_title_counts_more_than_a_description_and_that_more_than_a_comment(
    ranked: list[str], api_as: Api, customer: Any
) -> None:
    api = api_as(customer)

    assert titles(api.get("/api/tickets/?search=router")) == ranked[::-1]
    assert titles(api.get("/api/tickets/?search=router&ordering=relevance")) == ranked
    pages = [api.get(f"/api/tickets/?search=router&ordering=relevance&page_size=2&page={n}") for n in (1, 2)]
    assert [title for page in pages for title in titles(page)] == ranked


@pytest.mark.parametrize(
    "query", ["ordering=relevance", "ordering=relevance&search=", "ordering=relevance&search=-zebra"]
)
def test_where_nothing_can_be_compared_the_newest_come_first(
    ranked: list[str], api_as: Api, customer: Any, query: str
) -> None:
    assert titles(api_as(customer).get(f"/api/tickets/?{query}")) == ranked[::-1]


def test_more_than_can_be_compared_come_newest_first(
    ranked: list[str], api_as: Api, customer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "MOST_COMPARED", 3)

    assert titles(api_as(customer).get("/api/tickets/?search=router&ordering=relevance")) == ranked[::-1]


def test_a_note_does_not_move_a_ticket_up(ranked: list[str], api_as: Api, customer: Any, agent: Any) -> None:
    before = api_as(customer).get("/api/tickets/?search=router&ordering=relevance").content
    comment_on(Ticket.objects.get(title="Said"), agent, content="router router router", is_internal=True)

    assert api_as(customer).get("/api/tickets/?search=router&ordering=relevance").content == before


@pytest.mark.parametrize("query", ["ordering=-relevance", "ordering=relevanc", "highlight=yes", "highlight=1"])
def test_what_is_no_order_and_no_answer_is_refused(api_as: Api, customer: Any, query: str) -> None:
    assert api_as(customer).get(f"/api/tickets/?search=x&{query}").status_code == 400


@pytest.mark.parametrize(
    ("text", "title", "excerpt"),
    [
        ("impre", "La <mark>impre</mark>sora", "No imprime."),
        ("IMPR no", "La <mark>impr</mark>esora", "<mark>No</mark> <mark>impr</mark>ime."),
        ("ÍMPRE no", "La <mark>impre</mark>sora", "<mark>No</mark> imprime."),
        ("presora", "La im<mark>presora</mark>", "No imprime."),
        ('"la impresora"', "<mark>La impresora</mark>", "No imprime."),
        ("imprime -zebra", "La impresora", "No <mark>imprime</mark>."),
    ],
)
def test_the_words_found_are_marked(api_as: Api, customer: Any, text: str, title: str, excerpt: str) -> None:
    ticket_of(customer, title="La impresora", description="No imprime.")

    assert highlight(api_as(customer), text) == {"title": title, "excerpt": excerpt}


def test_everything_else_is_escaped(api_as: Api, customer: Any) -> None:
    ticket_of(customer, title='<b>Printer</b> & "x"', description="<script>alert('printer')</script>")

    assert highlight(api_as(customer), "printer") == {
        "title": "&lt;b&gt;<mark>Printer</mark>&lt;/b&gt; &amp; &quot;x&quot;",
        "excerpt": "&lt;script&gt;alert(&#x27;<mark>printer</mark>&#x27;)&lt;/script&gt;",
    }


@pytest.mark.parametrize("text", ["<", "&", "&amp", "<mark>", "amp", "lt"])
def test_no_search_reaches_into_what_was_escaped(api_as: Api, customer: Any, text: str) -> None:
    ticket_of(customer, title="a <mark> & &amp; lt amp", description="b")

    shown = highlight(api_as(customer), text)["title"]

    bare = shown.replace("<mark>", "").replace("</mark>", "")
    assert bare == "a &lt;mark&gt; &amp; &amp;amp; lt amp"
    assert "<mark>" in shown


def test_an_excerpt_is_short_and_begins_near_the_word(api_as: Api, customer: Any) -> None:
    ticket_of(customer, title="Long", description="before " * 300 + "needle\n\n" + "after " * 300)

    excerpt = highlight(api_as(customer), "needle")["excerpt"]

    assert excerpt.startswith("…before before")
    assert "<mark>needle</mark> after" in excerpt
    assert excerpt.endswith("after…")
    assert len(excerpt) <= EXCERPT + len("……<mark></mark>")


def test_a_ticket_found_by_its_number_shows_how_it_begins(api_as: Api, customer: Any) -> None:
    ticket = ticket_of(customer, title="T", description="D & D")

    assert highlight(api_as(customer), f"#{ticket.pk}") == {"title": "T", "excerpt": "D &amp; D"}


def test_what_was_found_in_a_comment_is_shown_from_there_to_whoever_may_read_it(
    api_as: Api, customer: Any, agent: Any
) -> None:
    ticket = ticket_of(customer, title="T", description="toner")
    comment_on(ticket, customer, content="The first needle.")
    comment_on(ticket, customer, content="The second needle.", now=NOON + timedelta(hours=1))
    comment_on(ticket, agent, content="The secret needle.", is_internal=True, now=NOON + timedelta(hours=2))

    assert highlight(api_as(customer), "needle")["excerpt"] == "The second <mark>needle</mark>."
    assert highlight(api_as(agent), "needle")["excerpt"] == "The secret <mark>needle</mark>."
    assert highlight(api_as(customer), "toner")["excerpt"] == "<mark>toner</mark>"


def test_without_being_asked_nothing_is_highlighted(api_as: Api, customer: Any) -> None:
    ticket_of(customer)
    for query in ("search=printer", "search=printer&highlight=false", "highlight=true", "highlight=true&search="):
        (row,) = api_as(customer).get(f"/api/tickets/?{query}").json()["results"]
        assert "highlight" not in row
