"""Every bare word must occur, as a word or the beginning of one; in titles also inside words; `#12` is a number."""

import re
import unicodedata

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from helpdesk.accounts.models import User
from helpdesk.core.errors import Invalid
from helpdesk.tickets.models import TITLE_LENGTH, Ticket
from helpdesk.tickets.operations import search_texts
from helpdesk.tickets.search import FEW, LONGEST_TEXT, MOST_WORDS, search
from tests.factories import ticket_of
from tests.people import NOON

READER = User(role="agent")


def found(text: str) -> list[str]:
    return list(search(Ticket.objects.order_by("id"), text, user=READER).values_list("title", flat=True))


@pytest.fixture
def desk(customer):
    """Three tickets, known by their titles."""
    ticket_of(customer, title="La impresora no imprime", description="Atención: se atasca el papel, también el A4.")
    ticket_of(customer, title="Cannot reprint invoice 2026-117", description="The e-mail to info@example.com bounces.")
    ticket_of(customer, title="100% CPU_load on C:\\server", description="Año nuevo, ñandú y pingüino.")


PRINTER, INVOICE, CPU = "La impresora no imprime", "Cannot reprint invoice 2026-117", "100% CPU_load on C:\\server"


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("impresora", [PRINTER]),
        ("IMPRESORA", [PRINTER]),
        ("impre", [PRINTER]),  # the beginning of a word
        ("presora", [PRINTER]),  # inside a word of the title
        ("print", [INVOICE]),
        ("tasca", []),  # inside a word of the description
        ("atas", [PRINTER]),
        ("atencion", [PRINTER]),
        ("ATENCIÓN", [PRINTER]),
        ("tambien a4", [PRINTER]),
        ("ano", [CPU]),
        ("Ñandu", [CPU]),
        ("pinguino", [CPU]),
        ("no", [PRINTER, INVOICE]),  # a word; and inside "Cannot"
        ("impresora papel", [PRINTER]),
        ("impresora invoice", []),  # every word, not any
        ("papel impresora", [PRINTER]),  # in any order
        ("2026", [INVOICE]),
        ("2026-117", [INVOICE]),
        ("117", [INVOICE]),
        ("info@example.com", [INVOICE]),
        ("example", [INVOICE]),
        ("e-mail", [INVOICE]),
        ("zebra", []),
    ],
)
def test_a_text_finds_the_tickets_in_which_each_of_its_words_occurs(desk, text, titles):
    assert found(text) == titles


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("%", [CPU]),
        ("_", [CPU]),
        ("\\", [CPU]),
        ("100%", [CPU]),
        ("1%0", []),
        ("cpu_load", [CPU]),
        ("cpu%load", [CPU]),  # two words to the database, side by side or not
        ("cp%load", [CPU]),
        ("pu%load", []),
        ("c:\\s", [CPU]),
        ("\N{FULLWIDTH PERCENT SIGN}", [CPU]),  # folds to a percent sign, which then means itself too
        ("'", []),
        ('"', []),
        ("-", [INVOICE]),
        ("&", []),
        ("!", []),
        (":*", []),
        ("impresora | invoice", []),
        ("impresora:*", [PRINTER]),
        ("(impresora", [PRINTER]),
        ("<->", []),
    ],
)
def test_no_character_has_a_meaning_of_its_own(desk, text, titles):
    assert found(text) == titles


@pytest.mark.parametrize("text", ["", " ", "\t\n"])
def test_no_words_exclude_nothing(desk, text):
    assert found(text) == [PRINTER, INVOICE, CPU]


def test_a_number_with_its_sign_finds_that_ticket_alone(customer):
    tickets = [ticket_of(customer, title=f"Ticket {n}", description="about #1 and 1") for n in range(3)]

    assert [found(f"#{ticket.pk}") for ticket in tickets] == [["Ticket 0"], ["Ticket 1"], ["Ticket 2"]]
    assert found(f"#{tickets[0].pk} ticket") == ["Ticket 0"]
    assert found(f"#{tickets[0].pk} zebra") == []
    assert found(f"#{tickets[0].pk} #{tickets[1].pk}") == []


@pytest.mark.parametrize("text", ["#0", "#999999999999999999999", "#9223372036854775808", "#" + "9" * 199])
def test_a_number_that_no_ticket_has_finds_none(desk, text):
    assert found(text) == []


@pytest.mark.parametrize("text", ["#", "##", "#٣", "#zebra"])
def test_a_sign_without_a_plain_number_is_a_word(desk, text):
    assert found(text) == []


def test_a_search_stays_within_the_tickets_it_was_given(customer, stranger):
    ticket_of(customer, title="Mine is broken")
    ticket_of(stranger, title="Theirs is broken")
    hidden = ticket_of(customer, title="Deleted and broken")
    Ticket.objects.filter(pk=hidden.pk).update(deleted_at=NOON)

    assert [t.title for t in search(Ticket.objects.visible_to(customer), "broken", user=customer)] == ["Mine is broken"]
    assert [t.title for t in search(Ticket.objects.visible_to(customer), f"#{hidden.pk}", user=customer)] == []


@pytest.mark.parametrize("text", ["x" * (LONGEST_TEXT + 1), " ".join("x" * (MOST_WORDS + 1))])
def test_a_text_too_long_is_refused(db, text):
    with pytest.raises(Invalid) as refusal:
        found(text)

    assert [(error.field, error.code) for error in refusal.value.errors] == [("search", "too_long")]


@pytest.mark.parametrize("letter", ["x", "ﷺ", "㎨", "\N{MATHEMATICAL DOUBLE-STRUCK CAPITAL A}", "½", "%", "\\", "_"])
def test_a_text_at_its_limits_is_answered(customer, letter):
    ticket_of(customer, title=letter * TITLE_LENGTH)

    assert found(letter * LONGEST_TEXT) == [letter * TITLE_LENGTH]
    assert found(" ".join(letter * MOST_WORDS)) == [letter * TITLE_LENGTH]
    assert found(letter * (LONGEST_TEXT - 1) + "z") == []


def test_a_word_longer_than_any_search_is_found_by_its_beginning(customer):
    ticket_of(customer, title="Log", description="begin" + "x" * 3000)

    assert found("beginxxx") == ["Log"]
    assert found("begin" + "x" * (LONGEST_TEXT - 5)) == ["Log"]


def test_a_word_that_looks_like_a_number_is_one_word(customer):
    ticket_of(customer, title="Log", description="commit 3e8f12 of 1.5e10km")

    assert found("3e8f") == ["Log"]
    assert found("f12") == []


def test_a_rare_word_is_listed_by_id_and_a_common_one_by_its_match(customer, django_assert_num_queries):
    """Both find the same; only the plan differs."""
    Ticket.objects.bulk_create(
        Ticket(
            title=f"Common {n}",
            description="rare" if n == 7 else "",
            created_by=customer,
            created_at=NOON,
            updated_at=NOON,
            public_updated_at=NOON,
        )
        for n in range(FEW + 1)
    )
    search_texts.refresh(*Ticket.objects.values_list("pk", flat=True))

    with django_assert_num_queries(2):
        assert found("rare") == ["Common 7"]
    assert search(Ticket.objects.all(), "common", user=READER).count() == FEW + 1
    assert "helpdesk_search_word" not in str(search(Ticket.objects.all(), "rare", user=READER).query)
    assert "helpdesk_search_word" in str(search(Ticket.objects.all(), "common", user=READER).query)


def folded(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c)).lower()


def words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", folded(text))


def occurs(word: str, title: str, description: str) -> bool:
    """The rule, in a language without indexes."""
    parts = words(word)
    begins = [any(written.startswith(part) for written in words(f"{title} {description}")) for part in parts]
    return (bool(parts) and all(begins)) or folded(word) in folded(title)


# Few letters, so that words meet; what PostgreSQL's own parser has views on: numbers, hosts, addresses, signs.
LETTERS = "aAbáÁñÑüeE1205 -+._/@:%\\'#&|!*\""
TEXTS = st.text(LETTERS, max_size=12)


@st.composite
def searches(draw: st.DrawFn) -> tuple[str, str, str]:
    """Title, description, and a text that is often a piece of them."""
    title, description = draw(TEXTS), draw(TEXTS)
    begin, end = draw(st.integers(0, 24)), draw(st.integers(0, 24))
    piece = f"{title} {description}"[begin:end]
    return title, description, draw(st.sampled_from([piece, piece.upper(), folded(piece), piece + draw(TEXTS)]))


@pytest.fixture
def one_ticket(customer):
    return ticket_of(customer, title="-", description="-")


def is_found(ticket: Ticket, title: str, description: str, text: str) -> bool:
    Ticket.objects.filter(pk=ticket.pk).update(title=title, description=description)
    search_texts.refresh(ticket.pk)
    return search(Ticket.objects.all(), text, user=READER).exists()


@given(searches())
@example(("", "1e5b", "1e"))
@example(("", "-1.5e+10", "10"))
@example(("", "a/b/c.html", "b/c"))
@example(("a'b\\", "", "'b\\"))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_database_and_the_rule_agree(one_ticket, search_of):
    title, description, text = search_of
    # No phrases and exclusions here: each quote and each sign stands inside a word.
    words_of_it = [word.lstrip('-"') for word in text.split()]
    text = " ".join(filter(None, words_of_it))
    bare = [word for word in text.split() if not re.fullmatch("#[0-9]+", word)]
    numbers = [word for word in text.split() if re.fullmatch("#[0-9]+", word)]

    expected = all(occurs(word, title, description) for word in bare)
    expected &= all(int(number[1:]) == one_ticket.pk for number in numbers)

    assert is_found(one_ticket, title, description, text) == (expected and len(text.split()) <= MOST_WORDS)


@given(searches())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_phrase_is_found_where_its_words_stand_side_by_side(one_ticket, search_of):
    title, description, text = search_of
    phrase = text.replace('"', " ")
    wanted = words(phrase)

    def side_by_side(written: str) -> bool:
        parts = words(written)
        return any(parts[n : n + len(wanted)] == wanted for n in range(len(parts)))

    is_there = side_by_side(title) or side_by_side(description)
    if wanted and len(phrase.split()) < MOST_WORDS:
        assert is_found(one_ticket, title, description, f'"{phrase}"') == is_there
        assert is_found(one_ticket, title, description, f'-"{phrase}"') != is_there
