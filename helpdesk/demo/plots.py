"""How tickets go: in which state one ends, what happens on the way there, and how long each step takes."""

from datetime import timedelta
from random import Random
from typing import Final

from helpdesk.tickets.enums import Status

# A step is a move, whom the ticket is given to, or a kind of sentence; these are the moves.
MOVES: Final[dict[str, Status]] = {
    "start": Status.IN_PROGRESS,
    "wait": Status.PENDING,
    "wake": Status.OPEN,
    "resolve": Status.RESOLVED,
    "close": Status.CLOSED,
}
BY_CUSTOMER: Final = frozenset({"details", "answers", "relapses", "wake"})
SENTENCES: Final = frozenset({"details", "questions", "answers", "updates", "solutions", "relapses", "notes"})

# The median minutes of office time before the step; a customer's answer wakes the ticket in the same moment.
_MINUTES: Final = {
    "take": 60,
    "start": 15,
    "details": 240,
    "questions": 30,
    "answers": 180,
    "updates": 120,
    "notes": 20,
    "wait": 1,
    "wake": 0,
    "solutions": 240,
    "resolve": 1,
    "relapses": 600,
    "close": 1500,
}
# By the age in days: how many of a hundred tickets are open, in progress, pending, resolved and closed.
_OUTCOMES: Final = (
    (1, (58, 27, 5, 8, 2)),
    (7, (18, 24, 18, 25, 15)),
    (30, (4, 7, 9, 35, 45)),
    (100_000, (1, 2, 2, 12, 83)),
)
# How often an open ticket is nobody's yet, an agent remarks on it, one waits for its customer, one comes back.
_UNTOUCHED, _REMARKED, _WAITS, _RELAPSES = 0.7, 0.1, 0.3, 0.15
_LAST_WORD: Final = {Status.PENDING: "questions", Status.RESOLVED: "solutions", Status.CLOSED: "solutions"}
_ENDING: Final = {Status.PENDING: ["wait"], Status.RESOLVED: ["resolve"], Status.CLOSED: ["resolve", "close"]}


def plot(rng: Random, *, age: timedelta, sentences: int, staffed: bool) -> list[str]:
    """The steps of a ticket of that age, with exactly so many sentences."""
    weights = next(weights for days, weights in _OUTCOMES if age < timedelta(days=days))
    outcome = rng.choices(list(Status), weights)[0]
    if not staffed or (outcome == Status.OPEN and rng.random() < _UNTOUCHED):
        return ["notes" if staffed and rng.random() < _REMARKED else "details" for _ in range(sentences)]
    if outcome == Status.OPEN:
        return ["take", *_talk(rng, sentences, waits=0)]
    last = [_LAST_WORD[outcome]] if outcome in _LAST_WORD and sentences else []
    sentences -= len(last)
    relapse: list[str] = []
    if last == ["solutions"] and sentences > 1 and rng.random() < _RELAPSES:
        relapse = ["solutions", "resolve", "relapses", "wake", "start"]
        sentences -= 2
    talk = _talk(rng, sentences, waits=_WAITS)
    return ["take", "start", *talk, *relapse, *last, *_ENDING.get(outcome, [])]


def delay(rng: Random, step: str) -> timedelta:
    return timedelta(minutes=_MINUTES[step] * rng.lognormvariate(0, 0.9))


def _talk(rng: Random, sentences: int, *, waits: float) -> list[str]:
    """Agents ask and report, the customer answers; sometimes the ticket waits for the answer."""
    steps: list[str] = []
    while sentences:
        said = rng.choices(("questions", "updates", "notes", "details"), (5, 4, 2, 1))[0]
        steps.append(said)
        sentences -= 1
        if said == "questions" and sentences:
            steps += ["wait", "answers", "wake", "start"] if rng.random() < waits else ["answers"]
            sentences -= 1
    return steps
