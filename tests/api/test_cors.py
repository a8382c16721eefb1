"""Pages from elsewhere: who may read what, and that nobody else learns anything."""

import ast
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from django.conf import settings as configured
from django.test import Client

from tests.servers import ROOT

APP = "https://app.example.com"
ALLOW, EXPOSE = "Access-Control-Allow-Origin", "Access-Control-Expose-Headers"
ASKED = "Access-Control-Request-Method"


@pytest.fixture(autouse=True)
def listed(settings: Any) -> None:
    settings.ALLOWED_ORIGINS = [APP, "http://localhost:5173"]


def cors(response: Any) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if name.lower().startswith("access-control-")}


def varies(response: Any) -> set[str]:
    return {word.strip().lower() for word in response.headers.get("Vary", "").split(",")}


def names(header: str) -> set[str]:
    return {name.strip().lower() for name in header.split(",")}


# --- preflights ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/api/tickets/", "/api/tickets/7/", "/api/auth/token/", "/api/v1/users/me/"])
@pytest.mark.parametrize("origin", [APP, "http://localhost:5173"])
def test_a_preflight_of_a_listed_page_is_answered_without_a_token(client, path, origin):
    """Without the database too: there is no `db` here."""
    response = client.options(path, headers={"origin": origin, ASKED: "PATCH"})

    assert response.status_code == 200
    assert response.content == b""
    assert response.headers[ALLOW] == origin
    assert names(response.headers["Access-Control-Allow-Methods"]) >= {"get", "post", "put", "patch", "delete"}
    assert names(response.headers["Access-Control-Allow-Headers"]) >= {
        *("authorization", "content-type", "idempotency-key", "if-match", "if-none-match", "x-request-id"),
        "accept-language",
    }
    assert int(response.headers["Access-Control-Max-Age"]) >= 600
    assert "Access-Control-Allow-Credentials" not in response.headers
    assert "origin" in varies(response)


def test_preflights_are_not_counted(client, settings, own_valkey):
    settings.RATE_LIMIT_ENABLED, settings.RATE_LIMIT_ANON = True, "2/min"

    answers = [client.options("/api/tickets/", headers={"origin": APP, ASKED: "GET"}) for _ in range(5)]

    assert {answer.status_code for answer in answers} == {200}
    assert not any("RateLimit" in answer.headers for answer in answers)
    assert client.get("/api/tickets/", headers={"origin": APP}).status_code == 401


STRANGERS = [
    "null",
    "https://evil.example",
    "http://app.example.com",
    "https://app.example.com:8443",
    "https://app.example.com.evil.example",
    "https://evilapp.example.com",
    "https://app.example.com/",
    "https://APP.example.com",
    "https://user@app.example.com",
    "https://app.example.com, https://evil.example",
    "https://[",
    "*",
    "",
    "x",
]


@pytest.mark.parametrize("origin", STRANGERS)
def test_a_page_that_is_not_listed_gets_nothing(db, client, origin):
    preflight = client.options("/api/tickets/", headers={"origin": origin, ASKED: "GET"})
    answers = [
        preflight,
        client.get("/api/", headers={"origin": origin}),
        client.get("/api/tickets/", headers={"origin": origin}),
    ]

    assert [cors(answer) for answer in answers] == [{}, {}, {}]
    assert all("origin" in varies(answer) for answer in answers)


def test_options_of_what_is_no_page_answers_as_ever(db, client):
    for headers in ({}, {ASKED: "GET"}, {"origin": APP}):
        response = client.options("/api/tickets/", headers=headers)
        assert (response.status_code, ASKED in response.headers) == (204, False)


@pytest.mark.parametrize("path", ["/health", "/admin/login/", "/", "/apidocs"])
def test_nothing_but_the_api_is_for_pages_from_elsewhere(db, client, path):
    for method in ("get", "options"):
        response = getattr(client, method)(path, headers={"origin": APP, ASKED: "GET"})
        assert cors(response) == {}
        assert "origin" not in varies(response)


def test_neither_are_static_files(shared_daphne, transactional_db):
    response = httpx.get(f"{shared_daphne.base_url}/static/docs/redoc.css", headers={"Origin": APP})

    assert (response.status_code, cors(response)) == (200, {})


# --- answers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("get", "/api/", 200),
        ("get", "/api/schema/", 200),
        ("get", "/api/tickets/", 401),
        ("get", "/api/nothing/", 404),
        ("delete", "/api/auth/token/", 405),
        ("post", "/api/auth/token/", 415),
    ],
)
def test_a_listed_page_reads_the_answer_be_it_an_error(db, client, method, path, status):
    response = getattr(client, method)(path, headers={"origin": APP})

    assert response.status_code == status
    assert {name.lower() for name in cors(response)} == {ALLOW.lower(), EXPOSE.lower()}
    assert response.headers[ALLOW] == APP
    assert "origin" in varies(response)


def test_an_answer_to_whoever_has_no_origin_says_that_it_would_differ(db, client):
    """Or a cache could give it to a page, which could not read it."""
    response = client.get("/api/")

    assert (cors(response), "origin" in varies(response)) == ({}, True)


def test_too_large_and_too_many_can_be_read_too(client, settings, own_valkey):
    settings.RATE_LIMIT_ENABLED, settings.RATE_LIMIT_ANON = True, "1/min"
    body = b" " * (settings.API_MAX_BODY_BYTES + 1)

    answers = [
        client.post("/api/auth/token/", body, content_type="application/json", headers={"origin": APP})
        for _ in range(2)
    ]

    assert [answer.status_code for answer in answers] == [413, 429]
    assert [answer.headers[ALLOW] for answer in answers] == [APP, APP]
    assert names(answers[1].headers[EXPOSE]) >= {"retry-after", "ratelimit", "ratelimit-policy"}


@pytest.mark.parametrize(("boom", "status"), [("bug", 500), ("unavailable", 503), ("conflict", 409)])
def test_bugs_and_outages_can_be_read_too(settings, quiet_client, db, boom, status):
    settings.ROOT_URLCONF = "tests.api.test_cors"

    response = quiet_client.get(f"/api/test/boom/{boom}/", headers={"origin": APP})

    assert (response.status_code, response.headers[ALLOW]) == (status, APP)


def test_one_may_list_everybody_and_still_nobody_sends_cookies(db, client, settings):
    settings.ALLOWED_ORIGINS = ["*"]

    for origin in (APP, "https://evil.example", "null"):
        for response in (
            client.get("/api/", headers={"origin": origin}),
            client.options("/api/", headers={"origin": origin, ASKED: "GET"}),
        ):
            assert response.headers[ALLOW] == "*"
            assert "Access-Control-Allow-Credentials" not in response.headers
    assert cors(client.get("/api/")) == {}


@pytest.mark.parametrize(
    ("text", "read"),
    [("https://app.example.com/", APP), ("HTTPS://App.Example.com", APP), ("http://[::1]:3000", "http://[::1]:3000")],
)
def test_an_origin_is_listed_as_browsers_send_it(text, read):
    from config.settings.components.channels import origin

    assert origin(text) == read


@pytest.mark.parametrize("text", ["null", "app.example.com", "https://", "https://a.example/path", "//a.example"])
def test_what_is_no_origin_cannot_be_listed(text):
    from config.settings.components.channels import origin

    with pytest.raises(ValueError):
        origin(text)


# --- which headers a page may read -----------------------------------------------------------------------------------

# What a page can read anyway, what browsers act on themselves, and what says nothing to a page.
UNEXPOSED = {
    *("cache-control", "content-language", "content-length", "content-type", "expires", "last-modified", "pragma"),
    *("content-security-policy", "cross-origin-opener-policy", "cross-origin-resource-policy", "permissions-policy"),
    *("referrer-policy", "strict-transport-security", "x-content-type-options", "x-frame-options", "vary"),
    *("connection", "transfer-encoding", "x-forwarded-for", "x-forwarded-proto"),
    # Of e-mails.
    *("auto-submitted", "in-reply-to", "message-id", "x-auto-response-suppress", "x-helpdesk-event"),
    "x-helpdesk-ticket",
    # For nginx, which takes it away.
    "x-accel-redirect",
}
NAME = re.compile(r"[A-Z][A-Za-z]*(-[A-Z][A-Za-z]*)+")
EXPOSED = {name.lower() for name in configured.CORS_EXPOSE_HEADERS}
# Requests carry them.
ASKED_FOR = {name.lower() for name in configured.CORS_ALLOW_HEADERS}


def named_headers(source: str) -> Iterator[str]:
    """Texts that look like a header's name, and keys of what is called headers, whatever they look like."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and NAME.fullmatch(node.value):
            yield node.value
        keys: list[Any] = []
        if isinstance(node, ast.keyword) and node.arg == "headers" and isinstance(node.value, ast.Dict):
            keys = node.value.keys
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Attribute) and node.value.attr == "headers":
            keys = [node.slice]
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Dict):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            keys = node.value.keys if "HEADERS" in getattr(target, "id", "") else []
        yield from (key.value for key in keys if isinstance(key, ast.Constant) and isinstance(key.value, str))


def ours() -> set[str]:
    # The servers of ./run, and what only speaks to them, answer no page.
    files = [path for path in (ROOT / "helpdesk").rglob("*.py") if "local" not in path.parts]
    return {name.lower() for path in files for name in named_headers(path.read_text())}


def test_every_header_that_the_code_names_is_exposed_or_known_not_to_be():
    found = ours()

    assert {"x-request-id", "retry-after", "ratelimit-policy", "www-authenticate"} <= found
    assert found - EXPOSED - UNEXPOSED - ASKED_FOR == set()


def test_a_new_header_would_be_found():
    source = 'class A:\n def f(self, r):\n  r.headers["Remaining"] = 1\n  r["X-Quota-Left"] = 2\n  return R(headers={"Sunset": 3})'

    assert set(named_headers(source)) == {"Remaining", "X-Quota-Left", "Sunset"}


def test_every_header_that_answers_have_is_exposed_or_known_not_to_be(api_as, customer, committing):
    client = api_as(customer)
    with committing():
        ticket = client.post("/api/tickets/", {"title": "x", "description": "x"}, headers={"origin": APP})
    answers = [
        ticket,
        client.get("/api/tickets/?page_size=1", headers={"origin": APP}),
        client.get(f"/api/tickets/{ticket.json()['id']}/", headers={"origin": APP}),
        client.put("/api/tickets/", headers={"origin": APP}),
        Client().get("/api/tickets/", headers={"origin": APP}),
        client.get("/api/docs/", headers={"origin": APP}),
    ]

    seen = {name.lower() for answer in answers for name in answer.headers}
    assert seen - {ALLOW.lower(), EXPOSE.lower()} - EXPOSED - UNEXPOSED == set()
    assert all(names(answer.headers[EXPOSE]) == EXPOSED for answer in answers)


def test_what_the_contract_promises_in_headers_is_exposed():
    assert {
        *("etag", "link", "location", "retry-after", "ratelimit", "ratelimit-policy", "x-request-id"),
        *("idempotent-replayed", "www-authenticate", "content-disposition"),
    } <= EXPOSED


def test_the_described_headers_are_exposed():
    from helpdesk.api.schema import HEADERS

    assert {name.lower() for name in HEADERS} <= EXPOSED


# The small views of the conventions, below the prefix that pages may read.
from django.urls import include, path  # noqa: E402

from tests.api import urls as small  # noqa: E402

urlpatterns = [path("api/", include(small.urlpatterns))]
handler500 = "helpdesk.api.errors.handler500"
