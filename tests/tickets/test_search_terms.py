"""Phrases, exclusions, and comments: each reader finds by what they may read."""

from typing import Any

import pytest
from django.db import connection

from helpdesk.tickets.models import LONGEST_TEXT, Comment, Ticket, TicketText
from helpdesk.tickets.operations import search_texts
from helpdesk.tickets.operations.bulk_load import Changed, Said, Story, bulk_load
from helpdesk.tickets.operations.comments import delete_comment, edit_comment
from helpdesk.tickets.operations.tickets import delete_ticket, restore_ticket, update_ticket
from helpdesk.tickets.search import search
from tests.factories import comment_on, ticket_of
from tests.people import NOON


def found(text: str, user: Any) -> list[str]:
    tickets = search(Ticket.objects.visible_to(user).order_by("id"), text, user=user)
    return list(tickets.values_list("title", flat=True))


@pytest.fixture
def desk(customer: Any, agent: Any) -> None:
    paper = ticket_of(customer, title="Paper jam in tray 2", description="The lower tray, to be exact.")
    comment_on(paper, customer, content="Toner is low as well.")
    comment_on(paper, agent, content="Zebra crossing: a known nuisance.", is_internal=True)
    ticket_of(customer, title="Tray 2 jam", description='A 27" monitor stands on it. Paper is there, in the tray.')


PAPER, MONITOR = "Paper jam in tray 2", "Tray 2 jam"
BOTH = [PAPER, MONITOR]


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ('"tray 2"', BOTH),
        ('"TRÁY 2"', BOTH),
        ('"paper jam"', [PAPER]),
        ('"jam paper"', []),
        ('"tray 2 jam"', [MONITOR]),
        ('"2 the"', []),  # the title's last word and the description's first
        ('"exact toner"', []),  # the description's last word and the comment's first
        ('"toner is low"', [PAPER]),
        ('"tone"', []),  # whole words in a phrase
        ('"toner, is: LOW!"', [PAPER]),  # signs aside
        ('"to be" toner', [PAPER]),
        ('"paper jam" monitor', []),
        ("“paper jam”", [PAPER]),  # as a phone writes it
        ("«paper jam»", [PAPER]),
        ("jam -monitor", [PAPER]),
        ("jam -moni", [PAPER]),  # a word or its beginning, as without the sign
        ("jam -toner", [MONITOR]),  # also in a comment
        ("jam -ray", []),  # inside a title, as without the sign
        ('tray -"paper jam"', [MONITOR]),
        ('tray -"jam paper"', BOTH),
        ("-monitor", [PAPER]),
        ("-monitor -toner", []),
        ("-zyzzyva", BOTH),
        ("--monitor", [PAPER]),
        ('27" monitor', [MONITOR]),  # a bare word: the quote closes nothing
        ('"paper jam', BOTH),  # nothing closes it: bare words
        ('""', BOTH),
        ('" "', BOTH),
        ("- jam", []),
        ("toner jam", [PAPER]),  # one word in the comment, one in the title
        ("tone", [PAPER]),
        ("oner", []),
    ],
)
def test_phrases_exclusions_and_comments(desk: None, customer: Any, text: str, titles: list[str]) -> None:
    assert found(text, customer) == titles


@pytest.mark.parametrize("text", ["zebra", '"zebra crossing"', "zeb toner", "paper -toner nuisance"])
def test_a_note_is_found_by_staff_only(desk: None, customer: Any, agent: Any, text: str) -> None:
    assert found(text, customer) == []
    assert found(text, agent) == ([] if "-" in text else [PAPER])


@pytest.mark.parametrize("text", ["jam -zebra", 'jam -"zebra crossing"', "-nuisance"])
def test_a_note_excludes_for_staff_only(desk: None, customer: Any, agent: Any, text: str) -> None:
    assert found(text, customer) == BOTH
    assert found(text, agent) == [MONITOR]


def test_a_number_can_be_excluded(desk: None, customer: Any) -> None:
    paper = Ticket.objects.get(title=PAPER)

    assert found(f"jam -#{paper.pk}", customer) == [MONITOR]


def test_what_is_written_edited_deleted_and_restored_is_found_as_it_is_now(
    customer: Any, agent: Any, admin: Any
) -> None:
    ticket = ticket_of(customer, title="One", description="alpha")
    comment = comment_on(ticket, customer, content="bravo")
    note = comment_on(ticket, agent, content="charlie", is_internal=True)
    assert [found(word, agent) for word in ("alpha", "bravo", "charlie")] == [["One"]] * 3

    update_ticket(by=agent, ticket_id=ticket.pk, changes={"title": "Two", "description": "delta"}, now=NOON)
    edit_comment(by=customer, comment_id=comment.pk, content="echo", now=NOON)
    delete_comment(by=agent, comment_id=note.pk, now=NOON)
    assert [found(word, agent) for word in ("one", "alpha", "bravo", "charlie")] == [[]] * 4
    assert [found(word, agent) for word in ("two", "delta", "echo")] == [["Two"]] * 3

    delete_ticket(by=agent, ticket_id=ticket.pk, now=NOON)
    assert found("echo", agent) == []
    restore_ticket(by=admin, ticket_id=ticket.pk, now=NOON)
    assert found("echo", agent) == ["Two"]


def texts() -> list[dict[str, Any]]:
    return list(TicketText.objects.order_by("pk").values())


def all_anew() -> list[dict[str, Any]]:
    search_texts.refresh(*Ticket.objects.values_list("pk", flat=True))
    return texts()


def test_adding_comes_to_the_same_as_refreshing(desk: None) -> None:
    kept = texts()

    assert len(kept) == 2
    assert kept == all_anew()


def test_a_load_comes_to_the_same_as_refreshing(customer: Any, agent: Any) -> None:
    steps = [
        Said(by=customer, at=NOON, content="¿Qué tal?"),
        Said(by=agent, at=NOON, content="A quiet note", is_internal=True),
        Changed(by=agent, at=NOON, changes={"status": "resolved"}),
    ]
    story = Story(by=customer, at=NOON, title="Árbol", description="Hoja", priority="low", steps=steps)
    bulk_load([story] * 3, expected=3, now=NOON)
    kept = texts()

    assert [row["public_words"] for row in kept] == [" arbol \n hoja \n que tal \n"] * 3
    assert [row["notes_words"] for row in kept] == [" a quiet note \n"] * 3
    assert kept == all_anew()


@pytest.mark.parametrize("letter", ["a", "ж", "語", "\N{MATHEMATICAL DOUBLE-STRUCK CAPITAL A}", "ﷺ"])
def test_a_ticket_may_grow_without_end(customer: Any, agent: Any, letter: str) -> None:
    """Every word another one, as long as they may be, more of them than a tsvector can hold."""
    ticket = ticket_of(customer, title=letter * 255, description="d")
    for n in range(60):
        words = " ".join(f"{n}{letter * 7}{i}" for i in range(LONGEST_TEXT // 14))[:LONGEST_TEXT]
        Comment.objects.create(ticket=ticket, author=agent, content=words, is_internal=n % 2 == 0, created_at=NOON)
    search_texts.refresh(ticket.pk)
    comment_on(ticket, customer, content="one more")
    comment_on(ticket, agent, content="one more", is_internal=True)

    assert found("d", customer) == found(f"1{letter * 7}0", customer) == [letter * 255]
    row = TicketText.objects.get()
    assert 300_000 < len(row.public_words.encode()) <= 400_000
    assert texts() == all_anew()


def test_half_a_character_is_never_kept(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT helpdesk_cut('aж語😀', n) FROM generate_series(-1, 11) AS n")
        lengths = [len(cut) for (cut,) in cursor.fetchall()]

    assert lengths == [0, 0, 1, 1, 2, 2, 2, 3, 3, 3, 3, 4, 4]


def test_a_title_of_many_signs_is_found_inside(customer: Any) -> None:
    title = "o'clock \\d+ ~x:* & (y)"
    ticket_of(customer, title=title)

    assert [found(text, customer) for text in ("'clo", "\\d", "d+", "~x", "x:*", ":*", "(y)", "&", "lock")] == [
        [title]
    ] * 9


def test_a_long_word_is_found_inside_a_title_to_its_end(customer: Any) -> None:
    ticket_of(customer, title="begin" + "x" * 100 + "end")

    assert found("egin" + "x" * 100 + "en", customer) != []
    assert found("egin" + "x" * 100 + "xen", customer) == []
    assert found("-egin" + "x" * 100 + "xen", customer) != []
    assert found("-egin" + "x" * 100 + "en", customer) == []
