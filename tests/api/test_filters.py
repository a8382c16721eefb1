"""Filters as a list of tickets shows them: what they refuse, by name, before the database is asked."""

import pytest

from tests.factories import ticket_of

LISTS = {"status__in": "open", "priority__in": "low", "assigned_to__in": "1", "created_by__in": "1"}


def refused(response):
    """The parameters at fault."""
    assert response.status_code == 400, response.content
    return [error["field"] for error in response.json()["errors"]]


@pytest.mark.parametrize(("parameter", "member"), LISTS.items())
@pytest.mark.parametrize("form", [",", "{},", ",{}", "{},,{}", " ", "{}, "])
def test_a_list_with_an_empty_member_is_400(api_as, agent, parameter, member, form):
    response = api_as(agent).get("/api/tickets/", {parameter: form.format(member, member)})

    assert refused(response) == [parameter]


@pytest.mark.parametrize(("parameter", "member"), LISTS.items())
def test_a_list_has_up_to_100_members(api_as, agent, parameter, member):
    most = api_as(agent).get("/api/tickets/", {parameter: ",".join([member] * 100)})
    more = api_as(agent).get("/api/tickets/", {parameter: ",".join([member] * 101)})

    assert most.status_code == 200
    assert refused(more) == [parameter]
    assert more.json()["errors"][0]["message"] == "Up to 100 values, separated by commas, are needed."


@pytest.mark.parametrize("parameter", LISTS)
def test_an_empty_list_is_no_filter_like_every_empty_parameter(api_as, agent, parameter):
    ticket_of()

    assert api_as(agent).get("/api/tickets/", {parameter: ""}).json()["count"] == 1


@pytest.mark.parametrize("parameter", ["created_at__gte", "created_at__lte"])
@pytest.mark.parametrize(
    "value",
    [
        "9999-12-31T23:59:59-23:59",
        "0001-01-01T00:00:00+23:59",
        "2026-11-20T10:00:00+16:00",
        "2026-11-20T10:00:00-16:00",
        "2026-11-20T10:00:00+01:00:00.5",
    ],
)
def test_an_offset_that_no_time_zone_has_is_400(api_as, agent, parameter, value):
    assert refused(api_as(agent).get("/api/tickets/", {parameter: value})) == [parameter]


@pytest.mark.parametrize("offset", ["Z", "+14:00", "-12:00", "+05:45", "+15:59", "-15:59"])
def test_every_other_offset_is_read(api_as, agent, offset):
    response = api_as(agent).get("/api/tickets/", {"created_at__gte": f"2026-11-20T10:00:00{offset}"})

    assert response.status_code == 200


@pytest.mark.parametrize("parameter", ["assigned_to", "assigned_to__in", "created_by"])
def test_an_id_of_thousands_of_digits_is_400(api_as, agent, parameter):
    assert refused(api_as(agent).get("/api/tickets/", {parameter: "0" * 5000 + "1"})) == [parameter]
