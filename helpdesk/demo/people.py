"""The demo people: numbered logins, names of their language."""

import re
from collections.abc import Iterable
from datetime import datetime
from itertools import cycle
from random import Random
from typing import Final

from django.db import connection, transaction
from django.db.models import Q

from helpdesk.accounts.models import User
from helpdesk.accounts.operations import users as operations
from helpdesk.accounts.roles import Role
from helpdesk.demo.texts import LANGUAGES, phrases

PASSWORD: Final = "testpass123"  # noqa: S105 - demo logins are public


@transaction.atomic
def add_people(
    *, customers: int, agents: int, admin: bool = False, seed: int, now: datetime
) -> tuple[list[User], list[User]]:
    """New customers and agents, numbered on after those that exist; with `admin`, somebody who manages them."""
    rng = Random(f"{seed} people")
    with connection.cursor() as cursor:
        # Two loads at once would find the same names free.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('demo people', 0))")
    new_customers = _people(rng, Role.CUSTOMER, _free_names(Role.CUSTOMER, customers))
    new_agents = _people(rng, Role.AGENT, _free_names(Role.AGENT, agents))
    admins = _people(rng, Role.ADMIN, ["admin"] if admin else [])
    for person in admins:
        person.is_staff = person.is_superuser = True
    operations.bulk_load([*admins, *new_agents, *new_customers], password=PASSWORD, now=now)
    return new_customers, new_agents


def _people(rng: Random, role: Role, usernames: Iterable[str]) -> list[User]:
    """They speak English and Spanish in turn, so that the first of each can be shown to everybody."""
    return [_person(rng, role, name, language) for name, language in zip(usernames, cycle(LANGUAGES), strict=False)]


def _person(rng: Random, role: Role, username: str, language: str) -> User:
    words = phrases(language)
    return User(
        username=username,
        email=f"{username}@example.com",
        email_verified=True,
        name=f"{rng.choice(words['first_names'])} {rng.choice(words['surnames'])}",
        role=role,
        language=language,
        timezone=rng.choice(words["timezones"]),
    )


def _free_names(role: Role, count: int) -> Iterable[str]:
    pattern = re.compile(rf"{role}_([0-9]+)(?:@example\.com)?", re.ASCII | re.IGNORECASE)
    taken = User.objects.filter(Q(username__istartswith=f"{role}_") | Q(email__istartswith=f"{role}_"))
    numbers = [
        int(match[1])
        for names in taken.values_list("username", "email")
        for match in map(pattern.fullmatch, names)
        if match
    ]
    first = max(numbers, default=0) + 1
    return (f"{role}_{number}" for number in range(first, first + count))
