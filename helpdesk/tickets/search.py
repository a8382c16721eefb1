"""Finding tickets by what is written in them, as far as the reader may read it.

Every bare word must occur in title, description or comments as a word or the beginning of one, accents and case aside;
in the title also inside words. A "phrase" must occur in one of them, these very words side by side. What stands behind
a `-` must not occur. `#12` finds the ticket of that number.
"""

import re
from dataclasses import dataclass
from typing import Final

from django.contrib.postgres.search import SearchQuery
from django.db.models import BigIntegerField, F, Func, Q, QuerySet, TextField, Value
from django.utils.translation import gettext_lazy as _

from helpdesk.accounts.models import User
from helpdesk.accounts.roles import Permission
from helpdesk.accounts.scopes import is_narrowed
from helpdesk.core.errors import FieldError, Invalid
from helpdesk.tickets.models import Fold, TicketQuerySet, TicketText

LONGEST_TEXT: Final = 200
MOST_WORDS: Final = 10
# Up to so many hits are listed by their ids.
FEW: Final = 1000
# So many at most are put in order of relevance, since each of them must be read for it.
MOST_COMPARED: Final = 10_000
# Inside a title's words so many letters are found by the index.
INSIDE: Final = 50

# Phones put the first three of these around a phrase.
_QUOTES: Final = str.maketrans(dict.fromkeys("“”„«»", '"'))
# A quote counts at the edge of a word only: a 27" monitor is a bare word.
_TERM: Final = re.compile(r'(?P<sign>-?)(?:"(?P<phrase>[^"]*)"(?=\s|$)|(?P<bare>\S+))')
_NUMBER: Final = re.compile(r"#([0-9]+)")


class SearchTooLong(Invalid):
    def __init__(self) -> None:
        message = _("Search for up to %(words)d words, in up to %(letters)d characters.") % {
            "words": MOST_WORDS,
            "letters": LONGEST_TEXT,
        }
        super().__init__(message, errors=[FieldError("search", "too_long", message)])


class SearchWord(SearchQuery):
    """The word, or each of its parts, at the beginning of a word; or the word inside a title."""

    SEARCH_TYPES = {"plain": "helpdesk_search_word"}


class SearchParts(SearchQuery):
    """Without the titles; null for a word without letters or digits."""

    SEARCH_TYPES = {"plain": "helpdesk_search_parts"}


class SearchPhrase(SearchQuery):
    """All the words of a phrase, in any order; null if there are none."""

    SEARCH_TYPES = {"plain": "helpdesk_search_phrase"}


class Phrase(Func):
    function = "helpdesk_phrase"
    output_field = TextField()


class Relevance(Func):
    function = "helpdesk_relevance"
    output_field = BigIntegerField()


@dataclass(frozen=True)
class Term:
    """One word, phrase or number of a search, wanted or not."""

    text: str
    wanted: bool = True
    phrase: bool = False

    @property
    def number(self) -> int | None:
        found = None if self.phrase else _NUMBER.fullmatch(self.text)
        return int(found[1]) if found else None


@dataclass(frozen=True)
class Columns:
    """Where the reader may find something."""

    vector: str
    words: tuple[str, ...]


STAFF: Final = Columns("staff", ("public_words", "notes_words"))
PUBLIC: Final = Columns("public", ("public_words",))


def terms_of(text: str) -> list[Term]:
    """What a search says; refused if it says too much."""
    if len(text) > LONGEST_TEXT or len(text.split()) > MOST_WORDS:
        raise SearchTooLong
    return [term for match in _TERM.finditer(text.translate(_QUOTES)) for term in _terms(match)]


def search(tickets: TicketQuerySet, text: str, *, user: User) -> TicketQuerySet:
    """Those of the tickets in which all of the text occurs. Asks the database at once, for up to `FEW` hits.

    For 20 hits in the order of a list the planner walks the dates: right for a word of every tenth ticket, but through
    all of them for one that three have (347 ms instead of 0.1 at 200,000 tickets), and its statistics cannot tell the
    two apart. So we look: few hits are found by the text indexes and listed by id; many are soon met on the walk.
    """
    terms = terms_of(text)
    for term in terms:
        if term.number is not None:
            found = Q(pk=term.number)
            tickets = tickets.filter(found if term.wanted else ~found)
    said = [term for term in terms if term.number is None]
    if not said:
        return tickets
    columns = STAFF if user.may(Permission.SEE_NOTES) else PUBLIC
    texts = _texts(said, columns)
    matching = tickets.filter(pk__in=texts.values("pk"))
    if not any(term.wanted for term in said):
        # Nearly all of them.
        return matching
    if is_narrowed(user.role):
        # Of who sees a part, PostgreSQL does not know which, and would read every ticket to look for the hits there.
        written = list(texts.values_list("pk", flat=True)[: FEW + 1])
        if len(written) <= FEW:
            return tickets.filter(pk__in=written)
    few = list(matching.order_by().values_list("pk", flat=True)[: FEW + 1])
    return matching if len(few) > FEW else tickets.filter(pk__in=few)


def by_relevance(tickets: TicketQuerySet, text: str) -> TicketQuerySet | None:
    """What `search` found, the best first; None where nothing was asked for, or more was found than can be compared."""
    wanted = [term.text for term in terms_of(text) if term.wanted and term.number is None]
    if not wanted or tickets.order_by().values("pk")[: MOST_COMPARED + 1].count() > MOST_COMPARED:
        return None
    ranked: TicketQuerySet = tickets.annotate(relevance=Relevance("text__title", "text__public_words", Value(wanted)))
    return ranked.order_by(F("relevance").desc(), F("created_at").desc(), F("id").desc())


def _texts(terms: list[Term], columns: Columns) -> QuerySet[TicketText]:
    conditions = (_occurs(term, columns) if term.wanted else ~_occurs(term, columns) for term in terms)
    return TicketText.objects.filter(*conditions)


def _occurs(term: Term, columns: Columns) -> Q:
    if term.phrase:
        side_by_side = Q()
        for words in columns.words:
            side_by_side |= Q(**{f"{words}__contains": Phrase(Value(term.text))})
        return _has(columns, SearchPhrase(term.text)) & side_by_side
    word = _has(columns, SearchWord(term.text))
    if len(term.text) <= INSIDE:
        return word
    return word & (Q(title__contains=Fold(Value(term.text))) | _has(columns, SearchParts(term.text)))


def _has(columns: Columns, query: SearchQuery) -> Q:
    return Q(**{columns.vector: query})


def _terms(match: re.Match[str]) -> list[Term]:
    phrase, wanted = match["phrase"], not match["sign"]
    if phrase is None:
        return [Term(match["bare"], wanted=wanted)]
    if any(letter.isalnum() for letter in phrase):
        return [Term(phrase, wanted=wanted, phrase=True)]
    # Signs mean themselves in a bare word only.
    return [Term(sign, wanted=wanted) for sign in phrase.split()]
