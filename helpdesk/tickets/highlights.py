"""Where in a ticket the words of a search were found: `<mark>` around them, everything else escaped for HTML."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from html import escape
from typing import Any, Final

from django.contrib.postgres.search import SearchQuery
from django.db.models import Q

from helpdesk.accounts.models import User
from helpdesk.tickets.models import Comment, SearchDocument
from helpdesk.tickets.search import SearchParts, Term, terms_of

# An excerpt has so many characters, and so many of them stand before the first word found.
EXCERPT: Final = 200
BEFORE: Final = 60

_WORDS: Final = re.compile(r"[^\W_]+")
_SPACES: Final = re.compile(r"\s+")
_BEGIN, _END, _BETWEEN = r"(?<![^\W_])", r"(?![^\W_])", r"[\W_]+"

Span = tuple[int, int]


def highlights(rows: Sequence[dict[str, Any]], *, text: str, user: User) -> dict[int, dict[str, str]]:
    """By the ids of the rows, which have `title` and `description`; one statement, if any was found by a comment."""
    terms = [term for term in terms_of(text) if term.wanted and term.number is None]
    inside, beginnings = _pattern(terms, inside=True), _pattern(terms, inside=False)
    texts = {row["id"]: row["description"] for row in rows}
    elsewhere = [pk for pk, description in texts.items() if not _spans(description, beginnings)]
    texts |= _comments(elsewhere, terms, user=user)
    return {
        row["id"]: {
            "title": _marked(row["title"], _spans(row["title"], inside)),
            "excerpt": _excerpt(texts[row["id"]], beginnings),
        }
        for row in rows
    }


def _comments(tickets: list[int], terms: list[Term], *, user: User) -> dict[int, str]:
    """The last comment of each ticket in which one of the words occurs, if the reader may see it."""
    if not tickets or not terms:
        return {}
    any_of = Q()
    for term in terms:
        query: SearchQuery = SearchParts(term.text)
        any_of |= Q(document=query)
    comments = Comment.objects.of_sight(user).filter(ticket_id__in=tickets)
    found = comments.annotate(document=SearchDocument("content")).filter(any_of)
    last = found.order_by("ticket_id", "-created_at", "-id").distinct("ticket_id")
    return dict(last.values_list("ticket_id", "content"))


def _pattern(terms: list[Term], *, inside: bool) -> re.Pattern[str]:
    """What is marked in a folded text; `inside`: in a title's words too."""
    choices = [choice for term in terms for choice in _choices(term, inside=inside)]
    # The longest first, so that nothing shorter hides it. Without any, nothing.
    return re.compile("|".join(sorted(choices, key=len, reverse=True)) or "(?!)")


def _choices(term: Term, *, inside: bool) -> Iterator[str]:
    folded = "".join(piece for piece, _place in _folded(term.text))
    words = [re.escape(word) for word in _WORDS.findall(folded)]
    if term.phrase:
        yield _BEGIN + _BETWEEN.join(words) + _END
        return
    yield from (_BEGIN + word for word in words)
    if inside and folded:
        yield re.escape(folded)


def _folded(text: str) -> Iterator[tuple[str, int]]:
    """Each character in lower case without accents, and where it stands."""
    for place, character in enumerate(text):
        for piece in unicodedata.normalize("NFKD", character).lower():
            if not unicodedata.combining(piece):
                yield piece, place


def _spans(text: str, pattern: re.Pattern[str]) -> list[Span]:
    folded = list(_folded(text))
    found = pattern.finditer("".join(piece for piece, _place in folded))
    return [(folded[match.start()][1], folded[match.end() - 1][1] + 1) for match in found]


def _excerpt(text: str, pattern: re.Pattern[str]) -> str:
    text = _SPACES.sub(" ", text).strip()
    spans = _spans(text, pattern)
    start = max(spans[0][0] - BEFORE, 0) if spans else 0
    if start:
        # From the next word on.
        start = text.find(" ", start, spans[0][0]) + 1 or start
    end = start + EXCERPT
    if end < len(text):
        end = max(text.rfind(" ", start, end), spans[0][1] if spans else 0) or end
    shown = [(max(a, start) - start, min(b, end) - start) for a, b in spans if a < end]
    marked = _marked(text[start:end], shown)
    return ("…" if start else "") + marked + ("…" if end < len(text) else "")


def _marked(text: str, spans: list[Span]) -> str:
    parts, done = [], 0
    for start, end in spans:
        if start < done:
            continue
        parts += [escape(text[done:start]), "<mark>", escape(text[start:end]), "</mark>"]
        done = end
    return "".join([*parts, escape(text[done:])])
