import pytest
from django.urls import get_resolver
from django.urls.resolvers import URLResolver

from helpdesk.api.routing import NO_ROW, RowId
from helpdesk.core.integers import LARGEST_INTEGER
from tests.factories import ticket_of


@pytest.mark.parametrize(("text", "number"), [("1", 1), ("007", 7), (str(LARGEST_INTEGER), LARGEST_INTEGER)])
def test_an_id_is_read_as_a_number(text, number):
    assert RowId().to_python(text) == number


@pytest.mark.parametrize(
    "text", ["0", "-1", "+1", "1.0", "abc", "", " 1", "1\n", "\u0663", "\u00b2", str(LARGEST_INTEGER + 1), "9" * 5000]
)
def test_what_can_be_no_id_is_the_id_of_no_row(text):
    assert RowId().to_python(text) == NO_ROW


def routes(patterns, prefix=""):
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        else:
            yield route


def test_every_route_also_answers_under_v1():
    found = list(routes(get_resolver("config.urls").url_patterns))
    first = {route.removeprefix("api/") for route in found if route.startswith("api/") and "api/v1/" not in route}
    second = {route.removeprefix("api/v1/") for route in found if route.startswith("api/v1/")}

    assert len(first) > 10
    assert first == second


def test_whoever_comes_by_v1_is_led_on_by_v1(api_as, customer):
    for _ in range(2):
        ticket_of(customer)

    page = api_as(customer).get("/api/v1/tickets/?page_size=1").json()

    assert page["next"] == "http://testserver/api/v1/tickets/?page=2&page_size=1"
