"""Whatever body is sent, wherever: a problem in JSON, never a 500, never HTML, and nothing stored."""

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest

from tests.contracts.refusals import is_a_problem, stored

Api = Callable[[Any], Any]


# Every route that takes a body.
WRITES = [
    ("post", "/api/tickets/"),
    ("post", "/api/tickets/bulk/"),
    ("patch", "/api/tickets/{ticket}/"),
    ("put", "/api/tickets/{ticket}/"),
    ("post", "/api/tickets/{ticket}/assign/"),
    ("post", "/api/tickets/{ticket}/comments/"),
    ("patch", "/api/tickets/{ticket}/comments/{comment}/"),
    ("post", "/api/tickets/{ticket}/merge/"),
    ("post", "/api/tickets/{ticket}/links/"),
    ("post", "/api/comments/"),
    ("patch", "/api/comments/{comment}/"),
    ("post", "/api/categories/"),
    ("patch", "/api/categories/{category}/"),
    ("post", "/api/tags/"),
    ("patch", "/api/tags/{tag}/"),
    ("post", "/api/teams/"),
    ("patch", "/api/teams/{team}/"),
    ("post", "/api/chat/conversations/"),
    ("post", "/api/chat/conversations/{conversation}/messages/"),
    ("post", "/api/chat/conversations/{conversation}/read/"),
    ("patch", "/api/users/me/"),
    ("post", "/api/auth/token/"),
    ("post", "/api/auth/token/refresh/"),
    ("post", "/api/auth/token/verify/"),
    ("post", "/api/auth/logout/"),
    ("post", "/api/auth/password/change/"),
    ("post", "/api/auth/google/"),
    ("post", "/api/auth/google/link/"),
    ("post", "/api/auth/facebook/"),
    ("post", "/api/auth/facebook/link/"),
]


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


FILED = ("category", "tags", "team")

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


def who_may(path: str, customer: Any, agent: Any, admin: Any) -> Any:
    """Who may come as far as the body."""
    if path.startswith(("/api/categories/", "/api/tags/", "/api/teams/")):
        return admin
    staff = {
        "/api/tickets/{ticket}/",
        "/api/tickets/bulk/",
        *(f"/api/tickets/{{ticket}}/{action}/" for action in ("assign", "merge", "links")),
    }
    return agent if path in staff else customer


@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_is_none_is_refused(
    api_as: Api, desk: dict[str, int], customer: Any, agent: Any, admin: Any, name: str
) -> None:
    body, status = BODIES[name]
    before = stored()
    for method, path in WRITES:
        client = api_as(who_may(path, customer, agent, admin))
        response = client.generic(method.upper(), path.format(**desk), body, content_type="application/json")
        optional = name == "nothing" and method == "patch" and "comments" not in path
        assert (optional and response.status_code == 200) or is_a_problem(response, status), (method, path)
    assert stored() == before


@pytest.mark.parametrize("content_type", TYPES)
def test_another_content_type_is_415(
    api_as: Api, desk: dict[str, int], customer: Any, agent: Any, admin: Any, content_type: str
) -> None:
    before = stored()
    body = b'{"title": "x", "description": "x", "content": "x", "ticket": 1}'
    for method, path in WRITES:
        client = api_as(who_may(path, customer, agent, admin))
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
        ("post", "/api/tickets/", ("title", "description", "priority", "assigned_to", "created_by", *FILED)),
        ("patch", "/api/tickets/{ticket}/", ("title", "description", "status", "priority", "assigned_to", *FILED)),
        ("post", "/api/categories/", ("name", "parent", "team", "priority")),
        ("patch", "/api/categories/{category}/", ("name", "parent", "team", "priority")),
        ("post", "/api/tags/", ("name", "color")),
        ("patch", "/api/tags/{tag}/", ("name", "color")),
        ("post", "/api/teams/", ("name", "members", "assignment")),
        ("patch", "/api/teams/{team}/", ("name", "members", "assignment")),
        ("post", "/api/tickets/bulk/", ("mode", "dry_run", "ids", "changes", "if_match")),
        ("post", "/api/tickets/{ticket}/claim/", ("steal",)),
        ("post", "/api/tickets/{ticket}/assign/", ("user",)),
        ("post", "/api/tickets/{ticket}/comments/", ("content", "is_internal", "force")),
        ("post", "/api/comments/", ("ticket", "content", "is_internal", "force")),
        ("put", "/api/tickets/{ticket}/draft/", ("content", "is_internal")),
        ("patch", "/api/comments/{comment}/", ("content",)),
        ("post", "/api/tickets/{ticket}/merge/", ("into",)),
        ("post", "/api/tickets/{ticket}/links/", ("kind", "ticket")),
        ("post", "/api/tickets/{ticket}/comments/{comment}/split/", ("title",)),
        ("post", "/api/chat/conversations/", ("user",)),
        ("post", "/api/chat/conversations/{conversation}/messages/", ("content",)),
        ("post", "/api/chat/conversations/{conversation}/read/", ("up_to",)),
        ("patch", "/api/users/me/", ("name", "language", "phone", "timezone")),
        ("post", "/api/auth/password/change/", ("old_password", "new_password")),
    ],
)
def test_no_field_breaks_whatever_it_holds(
    api_as: Api,
    desk: dict[str, int],
    customer: Any,
    agent: Any,
    admin: Any,
    method: str,
    path: str,
    fields: tuple[str, ...],
) -> None:
    good = {"title": "x", "description": "x", "content": "x", "ticket": desk["ticket"]}
    good |= {"mode": "independent", "ids": [desk["ticket"]], "changes": {"title": "x"}}
    for client in (api_as(customer), api_as(agent), api_as(admin)):
        for field, value in product((*fields, "unknown"), ODD_VALUES):
            response = getattr(client, method)(path.format(**desk), good | {field: value})
            assert response.status_code < 300 or is_a_problem(response, 400, 403, 404), (field, value)


@pytest.mark.parametrize(
    "path",
    [
        *("token", "token/refresh", "token/verify", "logout", "register", "email/verify"),
        *("password/reset", "password/reset/confirm"),
    ],
)
def test_no_credential_breaks_whatever_it_holds(api_as: Api, db: None, path: str) -> None:
    good = dict.fromkeys(("username", "refresh", "token", "name"), "x")
    good |= dict.fromkeys(("password", "new_password"), "a-long-enough-passphrase") | {"email": "x@example.com"}
    for field in good:
        for value in ODD_VALUES:
            response = api_as(None).post(f"/api/auth/{path}/", good | {field: value})
            assert response.status_code < 300 or is_a_problem(response, 400, 401), (field, value)


@pytest.mark.parametrize("path", ["google", "google/link", "facebook", "facebook/link"])
def test_no_proof_breaks_whatever_it_holds(api_as: Api, desk: dict[str, int], customer: Any, path: str) -> None:
    code = {"code": "x", "code_verifier": "v" * 43, "redirect_uri": "https://app.example.com/signed-in"}
    client = api_as(customer)
    for good in ({"id_token": "x", "nonce": "x"}, code, {"access_token": "x"}):
        for field, value in product((*good, "unknown"), ODD_VALUES):
            response = client.post(f"/api/auth/{path}/", good | {field: value})
            assert is_a_problem(response, 400, 401), (field, value)


@pytest.mark.parametrize("name", BODIES)
def test_an_action_needs_no_body_and_a_bad_one_breaks_nothing(
    api_as: Api, desk: dict[str, int], admin: Any, name: str
) -> None:
    client = api_as(admin)
    for action in ("claim", "unassign", "close", "reopen", "restore"):
        url = f"/api/tickets/{desk['ticket']}/{action}/"
        response = client.post(url, BODIES[name][0], content_type="application/json")
        assert response.status_code == 200 or is_a_problem(response, 400, 413), action
