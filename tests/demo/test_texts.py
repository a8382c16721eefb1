"""What is written is complete, in one language, and about one thing."""

import re
from random import Random
from string import Formatter

import pytest

from helpdesk.demo.plots import SENTENCES
from helpdesk.demo.texts import LANGUAGES, Talk, phrases
from helpdesk.tickets.models import TITLE_LENGTH

NUMBERS = {"order", "amount", "code"}


def templates(node):
    if isinstance(node, str):
        yield node
    else:
        for child in node.values() if isinstance(node, dict) else node:
            yield from templates(child)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_template_can_be_filled(language):
    words = phrases(language)
    slots = {name for template in templates(words) for _text, name, _spec, _conversion in Formatter().parse(template)}

    assert slots - {None} <= {*words["slots"], *NUMBERS}


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_is_enough_to_tell(language):
    words = phrases(language)
    topics = {problem["topic"] for problem in words["problems"]}

    assert len(words["problems"]) >= 40
    assert topics == {topic for exchange in words["exchanges"] for topic in exchange["topics"]}
    assert all(topics == set(words[kind]) for kind in ("details", "updates", "solutions", "relapses"))


def test_both_languages_tell_of_the_same_problems():
    english, spanish = (phrases(language) for language in ("en", "es"))

    assert [p["topic"] for p in english["problems"]] == [p["topic"] for p in spanish["problems"]]
    assert set(english) == set(spanish)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_written_is_filled_and_begins_with_a_capital(language):
    for seed in range(300):
        talk = Talk(language, Random(seed))
        written = [talk.title(), talk.description(), *(talk.sentence(kind) for kind in sorted(SENTENCES - {"answers"}))]
        written.append(talk.sentence("answers"))

        assert not re.search(r"[{}]|  ", " ".join(written))
        assert all(not text[0].islower() for text in written)
        assert len(written[0]) <= TITLE_LENGTH


def test_spanish_contracts_no_article():
    """`de el portal` would give the generator away."""
    texts = " ".join(Talk("es", Random(seed)).description() for seed in range(500))

    assert not re.search(r"\b(de|a) el\b", texts)


def test_a_ticket_keeps_its_facts():
    numbers = []
    for seed in range(100):
        talk = Talk("en", Random(seed))
        said = [talk.sentence(kind) for kind in ("details", "questions", "answers", "solutions") for _ in range(20)]
        numbers.append(set(re.findall(r"\b[0-9]{5}\b", " ".join([talk.title(), talk.description(), *said]))))

    assert {len(found) for found in numbers} == {0, 1}
    assert len(set.union(*numbers)) > 20
