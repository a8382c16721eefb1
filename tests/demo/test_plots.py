"""How tickets go."""

from collections import Counter
from datetime import timedelta
from itertools import pairwise
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from helpdesk.demo.plots import BY_CUSTOMER, MOVES, SENTENCES, plot
from helpdesk.tickets import enums
from helpdesk.tickets.enums import Status

AGES = st.timedeltas(min_value=timedelta(), max_value=timedelta(days=36_500))


def outcome(steps):
    return next((MOVES[step] for step in reversed(steps) if step in MOVES), Status.OPEN)


@given(seed=st.integers(), age=AGES, sentences=st.integers(0, 40), staffed=st.booleans())
def test_every_plot_has_its_sentences_and_only_legal_moves(seed, age, sentences, staffed):
    steps = plot(Random(seed), age=age, sentences=sentences, staffed=staffed)

    assert sum(step in SENTENCES for step in steps) == sentences
    status = Status.OPEN
    for step in steps:
        if step in MOVES:
            assert MOVES[step] in enums.MOVES[status]
            status = MOVES[step]
    if not staffed:
        assert set(steps) <= BY_CUSTOMER


@given(seed=st.integers(), sentences=st.integers(0, 40))
def test_an_answer_follows_its_question(seed, sentences):
    steps = [s for s in plot(Random(seed), age=timedelta(days=3), sentences=sentences, staffed=True) if s in SENTENCES]

    assert all(before == "questions" for before, step in pairwise(steps) if step == "answers")


def test_the_old_are_done_and_the_young_are_not():
    def outcomes(days):
        plots = [plot(Random(n), age=timedelta(days=days), sentences=3, staffed=True) for n in range(500)]
        return Counter(outcome(steps) for steps in plots)

    young, old = outcomes(0.5), outcomes(60)
    assert set(young) == set(old) == set(Status)
    assert young[Status.OPEN] > 250
    assert young[Status.CLOSED] < 50
    assert old[Status.CLOSED] > 350
    assert old[Status.OPEN] < 50
