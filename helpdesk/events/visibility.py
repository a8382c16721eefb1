"""Which subjects a user may see, as the apps above told at start-up."""

from collections.abc import Callable
from typing import Any, Protocol

from django.db.models import Exists, OuterRef, Q, QuerySet


class Reader(Protocol):
    """A signed-in user, as far as events know one."""

    pk: int

    @property
    def is_agent(self) -> bool: ...


# kind of subject -> the rows of it whose history a user may read
_SUBJECTS: dict[str, Callable[[Any], QuerySet[Any]]] = {}
# The same without those that are gone, of kinds of which somebody is told that they see one, or see it no more.
_LIVING: dict[str, Callable[[Any], QuerySet[Any]]] = {}
_PERSONAL: set[str] = set()


def register_subject(kind: str, visible_to: Callable[[Any], QuerySet[Any]], *, personal: bool = False) -> None:
    """`personal`: each user sees other rows than whoever has the same role and scope."""
    _SUBJECTS[kind] = visible_to
    if personal:
        _PERSONAL.add(kind)


def register_living(kind: str, visible_to: Callable[[Any], QuerySet[Any]]) -> None:
    _LIVING[kind] = visible_to


def is_personal(kind: str) -> bool:
    return kind in _PERSONAL


def may_be_lost(kind: str) -> bool:
    """Whether users are told that they see a subject of this kind, or see it no more."""
    return kind in _LIVING


def living(kind: str, user: Reader) -> QuerySet[Any]:
    """Those that the user sees now."""
    return _LIVING[kind](user)


def lives_for(user: Reader) -> Q:
    """The subject is there, and the user sees it."""
    found = Q(pk__in=[])
    for kind, rows in _LIVING.items():
        found |= Q(subject_type=kind) & Q(Exists(rows(user).order_by().filter(pk=OuterRef("subject_id"))))
    return found


def seen_by(user: Reader) -> Q:
    """Staff-only or not, and the visibility of the subject *today*: a change of access needs no rewriting."""
    subjects = in_sight_of(user)
    return subjects if user.is_agent else subjects & Q(staff_only=False)


def in_sight_of(user: Reader) -> Q:
    subjects = Q(pk__in=[])
    for kind, visible_to in _SUBJECTS.items():
        rows, of_kind = visible_to(user).order_by(), Q(subject_type=kind)
        # Who sees them all needs no list of them: beside another kind, it would be every row of the table. For others
        # PostgreSQL chooses between such a list and a look at one subject after the other.
        subjects |= of_kind & Q(Exists(rows.filter(pk=OuterRef("subject_id")))) if rows.query.where else of_kind
    return subjects
