"""Many at once, on committed rows: what a ticket refers to is there, a name has one owner, the levels stay two."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from helpdesk.tickets.models import Category, Tag, Ticket
from tests.factories import category_of, tag_of, team_of
from tests.people import AdminFactory, AgentFactory
from tests.tickets.test_concurrency import at_once

Api = Callable[[Any], Any]

WRITTEN = {"title": "Smoke", "description": "It smokes."}
ROUNDS = 10


@pytest.mark.parametrize("kind", ["tag", "category", "team", "a category's team"])
def test_a_row_is_deleted_or_referred_to_and_never_both(transactional_db: None, api_as: Api, kind: str) -> None:
    admin, agents = api_as(AdminFactory()), [api_as(agent) for agent in AgentFactory.create_batch(3)]
    seen: Counter[tuple[int, ...]] = Counter()
    for round_ in range(ROUNDS):
        name = f"{kind} {round_}"
        if kind == "tag":
            path, named = f"/api/tags/{tag_of(name).pk}/", {"tags": [name]}
        elif kind == "category":
            category = category_of(name)
            path, named = f"/api/categories/{category.pk}/", {"category": category.pk}
        elif kind == "team":
            team = team_of(name=name)
            path, named = f"/api/teams/{team.pk}/", {"team": team.pk}
        else:
            team = team_of(name=name)
            path, named = f"/api/teams/{team.pk}/", {"name": name, "team": team.pk}

        def refer(client: Any, *, named: Any = named) -> Any:
            if kind == "a category's team":
                return admin.post("/api/categories/", named)
            return client.post("/api/tickets/", WRITTEN | named)

        answers = at_once(
            [partial(admin.delete, path), *(partial(refer, client) for client in agents[: 1 + round_ % 3])]
        )

        deleted, *referred = (answer.status_code for answer in answers)
        # A category of that name is made once.
        if kind == "a category's team":
            assert deleted == (409 if 201 in referred else 204)
        else:
            assert (deleted, set(referred)) in ((204, {400}), (409, {201})), [answer.content for answer in answers]
        seen[deleted] += 1
    assert sum(seen.values()) == ROUNDS
    known = set(Tag.objects.values_list("pk", flat=True))
    assert {pk for ids in Ticket.objects.values_list("tag_ids", flat=True) for pk in ids} <= known


@pytest.mark.parametrize("rows", ["categories", "tags", "teams"])
def test_of_many_who_take_a_name_at_once_one_gets_it(transactional_db: None, api_as: Api, rows: str) -> None:
    clients = [api_as(admin) for admin in AdminFactory.create_batch(8)]
    names = ["Fire", "FIRE", " fire", "fire "] * 2

    answers = at_once(
        [partial(client.post, f"/api/{rows}/", {"name": name}) for client, name in zip(clients, names, strict=True)]
    )

    assert Counter(answer.status_code for answer in answers) == {201: 1, 400: 7}
    assert {answer.json()["errors"][0]["code"] for answer in answers if answer.status_code == 400} == {"taken"}


def test_categories_that_move_at_once_stay_on_two_levels(transactional_db: None, api_as: Api) -> None:
    clients = [api_as(admin) for admin in AdminFactory.create_batch(3)]
    for round_ in range(ROUNDS):
        one, two, three = (category_of(f"{round_} {name}") for name in ("one", "two", "three"))
        moves = ((one, two), (two, three), (three, one))

        answers = at_once(
            [
                partial(client.patch, f"/api/categories/{category.pk}/", {"parent": parent.pk})
                for client, (category, parent) in zip(clients, moves, strict=True)
            ]
        )

        # The first to move keeps both others from moving: one has a category below it now, one is below another.
        assert sorted(answer.status_code for answer in answers) == [200, 400, 400]
        assert not Category.objects.filter(parent__parent__isnull=False).exists()
