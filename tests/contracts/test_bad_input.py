"""Whatever is sent, wherever: a problem in JSON, never a 500, never HTML, and nothing stored."""

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest

from helpdesk.accounts.models import User
from helpdesk.events.models import EventRecord
from helpdesk.tickets.models import Comment, Ticket
from tests.factories import comment_on, ticket_of

Api = Callable[[Any], Any]

# Every route that takes a body.
WRITES = [
    ("post", "/api/tickets/"),
    ("patch", "/api/tickets/{ticket}/"),
    ("put", "/api/tickets/{ticket}/"),
    ("post", "/api/tickets/{ticket}/comments/"),
    ("patch", "/api/tickets/{ticket}/comments/{comment}/"),
    ("post", "/api/comments/"),
    ("patch", "/api/comments/{comment}/"),
    ("patch", "/api/users/me/"),
    ("post", "/api/auth/token/"),
    ("post", "/api/auth/token/refresh/"),
    ("post", "/api/auth/token/verify/"),
]
# Every list, with a parameter of each kind.
READS = {
    "/api/tickets/": ("search", "status", "status__in", "assigned_to", "created_by__in", "created_at__gte", "ordering", "mine", "page", "page_size", "cursor", "deleted"),
    "/api/tickets/{ticket}/comments/": ("before", "ticket", "page", "cursor"),
    "/api/tickets/{ticket}/timeline/": ("cursor", "page_size"),
    "/api/comments/": ("ticket", "before", "page", "page_size", "cursor"),
    "/api/users/": ("role", "search", "page", "cursor"),
    "/api/events/": ("after", "types", "ticket", "limit"),
}  # fmt: skip

# A body under the name of what is wrong with it, and the status that it gets.
DEEP = b"[" * 100_000 + b"]" * 100_000
BODIES: dict[str, tuple[bytes, int]] = {
    "nothing": (b"", 400),
    "not JSON": (b"{", 400),
    "text": (b"hello", 400),
    "an array": (b"[]", 400),
    "an array of objects": (b'[{"title": "x"}]', 400),
    "null": (b"null", 400),
    "a number": (b"7", 400),
    "a string": (b'"x"', 400),
    "a lone surrogate": (b'{"title": "\\ud800", "content": "\\ud800"}', 400),
    "a lone surrogate in a key": (b'{"\\udfff": 1}', 400),
    "raw invalid UTF-8": (b'{"title": "\xff\xfe"}', 400),
    "NUL": (b'{"title": "a\\u0000b", "content": "a\\u0000b", "name": "\\u0000"}', 400),
    "NUL in a key": (b'{"\\u0000": 1}', 400),
    "NUL where nobody looks": (b'{"unknown": {"deep": ["\\u0000"]}}', 400),
    "NaN": (b'{"assigned_to": NaN}', 400),
    "Infinity": (b'{"ticket": -Infinity}', 400),
    "a number beyond floats": (b'{"ticket": 1e999}', 400),
    "an integer out of range": (b'{"ticket": 1' + b"0" * 30 + b', "assigned_to": 1' + b"0" * 30 + b"}", 400),
    "an integer just out of range": (b'{"ticket": 9223372036854775808, "x": 9223372036854775808}', 400),
    "one of ten thousand digits": (b'{"x": ' + b"9" * 10_000 + b"}", 400),
    "nested 100,000 deep": (DEEP, 400),
    "nested 100,000 deep in a field": (b'{"title": ' + DEEP + b"}", 400),
    "nested objects": (b'{"a":' * 33 + b"1" + b"}" * 33, 400),
    "UTF-16": ('{"title": "x"}'.encode("utf-16"), 400),
    "2 MB": (b'{"title": "' + b"x" * 2_000_000 + b'"}', 413),
    "2 MB of spaces": (b" " * 2_000_000, 413),
    "form fields": (b"title=x&description=y", 400),
}
TYPES = ("text/plain", "text/html", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml",
         "application/octet-stream", "nonsense", "")  # fmt: skip

ODD_VALUES = [
    None,
    True,
    [],
    {},
    ["x"],
    {"a": {"b": [1]}},
    0,
    -1,
    1.5,
    2**63 - 1,
    -(2**63),
    "",
    " ",
    "\n",
    "x" * 30_000,
    "🔥",
    "\u202e",
    "%00",
    "' OR 1=1 --",
    "{{7*7}}",
    "../../etc/passwd",
]


@pytest.fixture
def desk(customer: Any) -> dict[str, int]:
    ticket = ticket_of(customer)
    return {"ticket": ticket.pk, "comment": comment_on(ticket, customer).pk}


def stored() -> list[Any]:
    rows = [list(model.objects.order_by("id").values()) for model in (Ticket, Comment, User)]
    return [*rows, EventRecord.objects.count()]


def is_a_problem(response: Any, *statuses: int) -> bool:
    body = response.json()
    assert response.headers["Content-Type"] == "application/problem+json", response.headers
    assert body["status"] == response.status_code
    assert {"type", "title", "code", "detail", "request_id"} <= set(body)
    assert response.headers["X-Request-ID"] == body["request_id"]
    assert response.status_code in statuses, response.content
    return True


def who_may(path: str, customer: Any, agent: Any) -> Any:
    """Who may come as far as the body."""
    return agent if path == "/api/tickets/{ticket}/" else customer


@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_is_none_is_refused(
    api_as: Api, desk: dict[str, int], customer: Any, agent: Any, name: str
) -> None:
    body, status = BODIES[name]
    before = stored()
    for method, path in WRITES:
        client = api_as(who_may(path, customer, agent))
        response = client.generic(method.upper(), path.format(**desk), body, content_type="application/json")
        optional = name == "nothing" and method == "patch" and "comments" not in path
        assert (optional and response.status_code == 200) or is_a_problem(response, status), (method, path)
    assert stored() == before


@pytest.mark.parametrize("content_type", TYPES)
def test_another_content_type_is_415(
    api_as: Api, desk: dict[str, int], customer: Any, agent: Any, content_type: str
) -> None:
    before = stored()
    body = b'{"title": "x", "description": "x", "content": "x", "ticket": 1}'
    for method, path in WRITES:
        client = api_as(who_may(path, customer, agent))
        response = client.generic(method.upper(), path.format(**desk), body, content_type=content_type)
        assert is_a_problem(response, 415), (method, path)
    assert stored() == before


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", '"utf-8"'])
def test_json_may_say_that_it_is_utf_8(api_as: Api, customer: Any, charset: str) -> None:
    body = '{"title": "Año", "description": "ñ"}'.encode()
    response = api_as(customer).generic(
        "POST", "/api/tickets/", body, content_type=f"application/json; charset={charset}"
    )
    assert (response.status_code, response.json()["title"]) == (201, "Año")


@pytest.mark.parametrize(
    ("method", "path", "fields"),
    [
        ("post", "/api/tickets/", ("title", "description", "priority", "assigned_to", "created_by")),
        ("patch", "/api/tickets/{ticket}/", ("title", "description", "status", "priority", "assigned_to")),
        ("post", "/api/tickets/{ticket}/comments/", ("content", "is_internal")),
        ("post", "/api/comments/", ("ticket", "content", "is_internal")),
        ("patch", "/api/comments/{comment}/", ("content",)),
        ("patch", "/api/users/me/", ("name", "language", "phone", "timezone")),
    ],
)
def test_no_field_breaks_whatever_it_holds(
    api_as: Api, desk: dict[str, int], customer: Any, agent: Any, method: str, path: str, fields: tuple[str, ...]
) -> None:
    good = {"title": "x", "description": "x", "content": "x", "ticket": desk["ticket"]}
    for client in (api_as(customer), api_as(agent)):
        for field, value in product((*fields, "unknown"), ODD_VALUES):
            response = getattr(client, method)(path.format(**desk), good | {field: value})
            assert response.status_code < 300 or is_a_problem(response, 400, 403, 404), (field, value)


@pytest.mark.parametrize("path", ["token", "token/refresh", "token/verify"])
def test_no_credential_breaks_whatever_it_holds(api_as: Api, db: None, path: str) -> None:
    good = {"username": "x", "password": "x", "refresh": "x", "token": "x"}
    for field in good:
        for value in ODD_VALUES:
            response = api_as(None).post(f"/api/auth/{path}/", good | {field: value})
            assert is_a_problem(response, 400, 401), (field, value)


@pytest.mark.parametrize("name", BODIES)
def test_an_action_needs_no_body_and_a_bad_one_breaks_nothing(
    api_as: Api, desk: dict[str, int], admin: Any, name: str
) -> None:
    client = api_as(admin)
    for action in ("claim", "close", "reopen", "restore"):
        url = f"/api/tickets/{desk['ticket']}/{action}/"
        response = client.post(url, BODIES[name][0], content_type="application/json")
        assert response.status_code == 200 or is_a_problem(response, 400, 413), action


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
