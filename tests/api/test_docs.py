import re
from pathlib import Path
from urllib.parse import urlparse

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

FOREIGN = re.compile(r"""(?:https?:)?//[a-z0-9][\w.-]*\.[a-z]{2,}""", re.IGNORECASE)


@pytest.mark.parametrize("path", ["/api/docs/", "/api/redoc/", "/api/docs/events/"])
def test_a_page_names_no_foreign_host(client, path):
    page = client.get(path)

    assert page.status_code == 200
    assert FOREIGN.findall(page.content.decode()) == []


@pytest.mark.parametrize("path", ["/api/docs/", "/api/redoc/", "/api/docs/events/"])
def test_the_browser_is_told_to_load_nothing_from_elsewhere(client, path):
    policy = client.get(path).headers["Content-Security-Policy"]
    sources = {word for directive in policy.split("; ") for word in directive.split()[1:]}

    assert policy.startswith("default-src 'none'; ")
    own = {"'self'", "ws://testserver", "wss://testserver"}
    assert sources == {"'none'", *own, "'unsafe-inline'", "data:", "blob:"}


@pytest.mark.parametrize("path", ["/api/docs/", "/api/redoc/", "/api/docs/events/"])
def test_everything_a_page_needs_is_served_here(client, path):
    page = client.get(path).content.decode()
    files = [name for name in re.findall(r'(?:src|href)="([^"]+)"', page) if not name.startswith("/api/")]

    assert len(files) >= 3
    assert [file for file in files if not finders.find(file.removeprefix("/static/"))] == []


@pytest.mark.parametrize("path", ["/api/docs/", "/api/redoc/", "/api/docs/events/"])
def test_a_page_runs_no_script_of_its_own(client, path):
    assert re.findall(r"<script(?![^>]*\bsrc=)", client.get(path).content.decode()) == []


def test_no_style_of_a_page_loads_from_elsewhere():
    styles = [
        finders.find(name)
        for name in ("drf_spectacular_sidecar/swagger-ui-dist/swagger-ui.css", "docs/redoc.css", "docs/events.css")
    ]

    for style in styles:
        urls = re.findall(r"url\(\s*[\"']?([^)]{0,12})", Path(style).read_text())
        assert [url for url in urls if not url.startswith("data:")] == []


@pytest.mark.parametrize(
    ("path", "page"),
    [("/", "/api/docs/"), ("/docs", "/api/docs/"), ("/redoc", "/api/redoc/"), ("/docs/", "/api/docs/")],
)
def test_the_short_addresses_lead_there(client, path, page):
    response = client.get(path)

    assert (response.status_code, response.headers["Location"]) == (302, page)


def test_both_pages_show_the_schema(client):
    for path in ("/api/docs/", "/api/redoc/"):
        address = re.search(r'(?:spec-url|data-schema)="([^"]+)"', client.get(path).content.decode())
        assert client.get(address[1]).json()["openapi"].startswith("3.1")


CLOSED = ["/api/docs/", "/api/redoc/", "/api/docs/events/", "/api/schema/", "/api/asyncapi.json"]


def test_a_deployment_may_keep_docs_and_schema_for_itself(client, settings, api_as, customer):
    settings.API_DOCS_PUBLIC = False

    assert [client.get(path).status_code for path in CLOSED] == [404, 404, 404, 401, 401]
    assert api_as(customer).get("/api/schema/").status_code == 200


@pytest.mark.parametrize("accept", ["text/html", "image/png", "x"])
def test_the_schema_is_json_for_whoever_accepts_something_else(client, accept):
    asked = [client.get("/api/schema/", headers={"accept": accept}), client.get("/api/schema/?format=nonsense")]

    assert [(response.status_code, response.headers["Content-Type"]) for response in asked] == [
        (200, "application/json")
    ] * 2


def test_the_index_names_every_route_that_needs_no_id(client):
    routes = client.get("/api/").json()

    assert {
        "tickets",
        "comments",
        "users",
        "users/me",
        "events",
        "auth/token",
        "schema",
        "docs",
        "redoc",
    } <= routes.keys()
    assert routes["tickets"] == "http://testserver/api/tickets/"
    assert all(Client().options(urlparse(url).path).status_code != 404 for url in routes.values())


def test_the_index_of_v1_stays_in_v1(client):
    routes = client.get("/api/v1/").json()

    assert routes["tickets"] == "http://testserver/api/v1/tickets/"
    assert routes.keys() == client.get("/api/").json().keys()
