"""The table of who gets what, against the description of the API: neither knows more than the other."""

import re
from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator

from tests.contracts.test_matrix import MATRIX, PLAIN

# Addresses that describe the others, and pages.
UNDESCRIBED = {"/api/", "/api/schema/", "/api/asyncapi.json"} | PLAIN


def plain(route: str) -> str:
    """`/api/tickets/{}/`: what stands for an id has a name on one side and a kind on the other."""
    return re.sub(r"<[^>]+>|\{[^}]+\}", "{}", route)


@pytest.fixture(scope="module")
def described() -> dict[tuple[str, str], dict[str, Any]]:
    schema = SchemaGenerator().get_schema(request=None, public=True)
    return {
        (plain(path), method.upper()): operation
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
    }


def in_the_table() -> dict[tuple[str, str], tuple[int, ...]]:
    return {
        (plain(route), method): statuses
        for route, rows in MATRIX.items()
        if route not in UNDESCRIBED
        for method, statuses in rows.items()
    }


def test_every_described_operation_stands_in_the_table_and_no_other(described: dict[Any, Any]) -> None:
    assert set(described) == set(in_the_table())


def test_what_each_caller_gets_is_described(described: dict[Any, Any]) -> None:
    silent = {
        called: missing
        for called, statuses in in_the_table().items()
        if (missing := {*map(str, statuses)} - set(described[called]["responses"]))
    }

    assert silent == {}


def test_a_token_is_asked_for_where_nobody_gets_in_without_one(described: dict[Any, Any]) -> None:
    asks = {called: {"bearer": []} in operation.get("security", []) for called, operation in described.items()}
    also_without = {called for called, operation in described.items() if {} in operation.get("security", [])}

    assert asks == {called: statuses[0] == 401 for called, statuses in in_the_table().items()}
    assert also_without == set()
