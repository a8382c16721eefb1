"""Whatever path, query or header is sent: a problem in JSON, never a 500, never HTML."""

from collections.abc import Callable
from typing import Any

import pytest

from helpdesk.tickets.models import Ticket
from tests.contracts.refusals import is_a_problem

Api = Callable[[Any], Any]


# Every list, with a parameter of each kind.
READS = {
    "/api/tickets/": ("search", "status", "status__in", "assigned_to", "created_by__in", "created_at__gte", "ordering", "mine", "page", "page_size", "cursor", "deleted"),
    "/api/tickets/{ticket}/comments/": ("before", "ticket", "page", "cursor"),
    "/api/tickets/{ticket}/timeline/": ("cursor", "page_size"),
    "/api/comments/": ("ticket", "before", "page", "page_size", "cursor"),
    "/api/users/": ("role", "search", "page", "cursor"),
    "/api/chat/contacts/": ("search", "page", "page_size", "cursor"),
    "/api/chat/conversations/": ("page", "page_size", "cursor"),
    "/api/events/": ("after", "types", "ticket", "limit"),
    "/api/presence/": ("users",),
}  # fmt: skip


@pytest.mark.parametrize(
    "value",
    [
        "%00",
        "a%00b",
        "%ED%A0%80",
        "%FF%FE",
        "%C0%80",
        "1" + "0" * 30,
        "-1" + "0" * 30,
        "9223372036854775808",
        "NaN",
        "Infinity",
        "1e999",
        "1_000",
        "%D9%A1",
        "[]",
        "{}",
        "null",
        "true",
        ",",
        ",,1",
        "%",
        "%25",
        "'",
        "x" * 4000,
        "%F0%9F%94%A5" * 100,
        "2026-11-20T10:00:00%2B99:99",
        "0000-00-00",
        "99999-01-01",
        "AAAA",
        "eyJ",
        "W10",
        "bnVsbA",
        "WzAsWyItY3JlYXRlZF9hdCIsIi1pZCJdLFsiMCIsMV1d",
    ],
)
def test_no_parameter_breaks_whatever_it_holds(api_as: Api, desk: dict[str, int], admin: Any, value: str) -> None:
    client = api_as(admin)
    refused = value in {"%00", "a%00b", "%ED%A0%80", "%FF%FE", "%C0%80"}
    for path, parameters in READS.items():
        for parameter in (*parameters, "no_such_parameter"):
            url = f"{path.format(**desk)}?{parameter}={value}"
            response = client.get(url)
            if refused:
                assert is_a_problem(response, 400), url
            else:
                assert response.status_code == 200 or is_a_problem(response, 400, 404), url


@pytest.mark.parametrize("path", READS)
def test_names_of_parameters_are_texts_too(api_as: Api, desk: dict[str, int], agent: Any, path: str) -> None:
    client = api_as(agent)
    for query in ("%00=1", "%ED%A0%80=1", "%FF", "a%00"):
        assert is_a_problem(client.get(f"{path.format(**desk)}?{query}"), 400)
    for query in (
        "&",
        "=",
        "&&&===",
        "?",
        "a=1;b=2",
        "status[]=open",
        "status=",
        "&".join(f"p{n}=1" for n in range(900)),
    ):
        response = client.get(f"{path.format(**desk)}?{query}")
        assert response.status_code == 200 or is_a_problem(response, 400), query


@pytest.mark.parametrize("count", [1001, 5000])
def test_too_many_parameters_are_refused(api_as: Api, agent: Any, count: int) -> None:
    response = api_as(agent).get("/api/tickets/?" + "&".join(f"p{n}=1" for n in range(count)))
    assert is_a_problem(response, 400, 413)


@pytest.mark.parametrize(
    "odd", ["1" + "0" * 30, "-1", "%00", "%ED%A0%80", "%FF", "a" * 2000, "1%2F2", "%2e%2e", "null", "\uff11"]
)
def test_an_impossible_path_is_404(api_as: Api, agent: Any, odd: str) -> None:
    client = api_as(agent)
    for path in (
        "/api/tickets/{}/",
        "/api/tickets/{}/close/",
        "/api/tickets/{}/timeline/",
        "/api/tickets/{}/comments/",
        "/api/tickets/{}/comments/{}/",
        "/api/comments/{}/",
        "/api/users/{}/",
        "/api/chat/conversations/{}/",
        "/api/chat/conversations/{}/messages/",
        "/api/chat/attachments/{}/",
        "/api/{}/",
        "/{}",
    ):
        method = client.post if path.endswith("close/") else client.get
        assert is_a_problem(method(path.replace("{}", odd)), 404), path


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "*/*", "nonsense", "", "application/json;q=0"])
def test_whatever_is_accepted_json_is_answered(api_as: Api, desk: dict[str, int], customer: Any, accept: str) -> None:
    client = api_as(customer)
    found = client.get(f"/api/tickets/{desk['ticket']}/", HTTP_ACCEPT=accept)
    assert (found.status_code, found.headers["Content-Type"]) == (200, "application/json")
    assert is_a_problem(client.get("/api/tickets/0/", HTTP_ACCEPT=accept), 404)
    assert is_a_problem(client.get("/nothing", HTTP_ACCEPT=accept), 404)


@pytest.mark.parametrize("language", ["es", "es-PE,es;q=0.9", "xx", "\x00", "a" * 5000, "*"])
def test_problems_speak_the_language_asked_for_if_they_can(api_as: Api, customer: Any, language: str) -> None:
    response = api_as(customer).get("/api/tickets/?status=melted", HTTP_ACCEPT_LANGUAGE=language)
    assert is_a_problem(response, 400)
    assert response.json()["errors"][0]["code"] == "invalid_choice"


def test_a_method_override_overrides_nothing(api_as: Api, desk: dict[str, int], agent: Any) -> None:
    client = api_as(agent)
    url = f"/api/tickets/{desk['ticket']}/"
    assert client.get(url, HTTP_X_HTTP_METHOD_OVERRIDE="DELETE").status_code == 200
    assert is_a_problem(
        client.post(f"{url}?_method=DELETE", {"_method": "DELETE"}, HTTP_X_HTTP_METHOD_OVERRIDE="DELETE"), 405
    )
    assert Ticket.objects.get().deleted_at is None
