"""The order of the checks, each shown by a request that would fail the next one too."""

import pytest
from django.urls import get_resolver
from django.urls.resolvers import URLResolver

from helpdesk.api.views import Conventions
from tests.people import access_token

pytestmark = pytest.mark.usefixtures("small_views")


def status_and_code(response):
    return response.status_code, response.json()["code"]


def test_not_signed_in_comes_first(client, db):
    response = client.put("/test/people/999/?q=%00", b"[", content_type="text/plain")

    assert status_and_code(response) == (401, "not_authenticated")


@pytest.mark.parametrize(
    "header", ["Bearer x", "Bearer", "Bearer a b", "bearer eyJhbGciOiJub25lIn0.e30.", "Bearer \xff"]
)
def test_a_token_that_is_none_is_401_everywhere(client, db, header):
    response = client.delete("/test/people/999/", headers={"authorization": header})

    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"


def test_a_method_that_is_not_there_comes_before_the_row_that_is_not_there(api_as, customer):
    response = api_as(customer).delete("/test/people/999/")

    assert status_and_code(response) == (405, "method_not_allowed")
    assert response.headers["Allow"] == "GET, PATCH, HEAD, OPTIONS"


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "BREW", "INITIAL", "DISPATCH"])
def test_a_method_that_nobody_knows_is_405(api_as, customer, method):
    assert status_and_code(api_as(customer).generic(method, "/test/people/")) == (405, "method_not_allowed")


def test_the_row_that_is_not_there_comes_before_what_the_role_may_not(api_as, customer):
    response = api_as(customer).patch("/test/people/999/", [1])

    assert status_and_code(response) == (404, "not_found")


def test_what_the_role_may_not_comes_before_the_body(api_as, customer):
    response = api_as(customer).patch(f"/test/people/{customer.pk}/", [1])

    assert status_and_code(response) == (403, "permission_denied")


def test_the_role_is_asked_before_the_body_where_there_is_no_row(api_as, agent):
    assert status_and_code(api_as(agent).post("/test/people/", [1])) == (403, "permission_denied")


def test_the_body_comes_before_the_state(api_as, admin):
    response = api_as(admin).patch(f"/test/people/{admin.pk}/", [1])

    assert status_and_code(response) == (400, "parse_error")


def test_the_state_comes_last(api_as, admin):
    response = api_as(admin).patch(f"/test/people/{admin.pk}/", {"conflict": True})

    assert status_and_code(response) == (409, "already_assigned")


@pytest.mark.parametrize("pk", ["1", "999", "abc", "-1", "99999999999999999999999", "%00", "1.5", "٣"])
def test_a_route_closed_to_a_role_is_403_for_every_id(api_as, customer, pk):
    assert status_and_code(api_as(customer).get(f"/test/doors/{pk}/")) == (403, "permission_denied")


@pytest.mark.parametrize("pk", ["999", "abc", "-1", "0", "9223372036854775808", "9" * 400, "%00", "1.5", "٣", "%20"])
def test_an_impossible_id_is_as_missing_as_any(api_as, admin, pk):
    response = api_as(admin).get(f"/test/people/{pk}/")

    assert status_and_code(response) == (404, "not_found")


def test_someone_elses_row_is_as_missing_as_none(api_as, customer, stranger):
    client = api_as(customer)
    theirs = client.get(f"/test/people/{stranger.pk}/", headers={"x-request-id": "same"})
    none = client.get("/test/people/999999/", headers={"x-request-id": "same"})

    assert (theirs.status_code, theirs.content) == (404, none.content)


def test_a_view_about_a_row_that_forgets_the_role_fails_instead_of_opening(api_as, customer):
    with pytest.raises(RuntimeError, match="forgetful answered without check_object_permissions"):
        api_as(customer).post(f"/test/people/{customer.pk}/forgetful/")


def test_head_answers_as_get_without_a_body(api_as, customer):
    response = api_as(customer).head("/test/people/")

    assert (response.status_code, response.content) == (200, b"")


@pytest.mark.parametrize("path", ["/test/people/", "/test/people/999/", "/test/doors/1/", "/api/tickets/"])
def test_options_tells_the_methods_and_nothing_else(client, path, db):
    response = client.options(path)

    assert (response.status_code, response.content) == (204, b"")
    assert "GET" in response.headers["Allow"]


@pytest.mark.parametrize(
    "accept", ["application/json", "text/html", "image/png", "*/*", "nonsense", "application/xml;q=1"]
)
def test_whatever_is_accepted_the_answer_is_json(api_as, customer, accept):
    response = api_as(customer).get("/test/people/", headers={"accept": accept})

    assert (response.status_code, response.headers["Content-Type"]) == (200, "application/json")


def test_answers_are_kept_by_nobody(api_as, customer):
    assert api_as(customer).get("/test/people/").headers["Cache-Control"] == "private, no-store"


def test_an_expired_token_does_not_stop_a_log_in(client, customer):
    response = client.post(
        "/api/auth/token/",
        {"username": customer.username, "password": "testpass123"},
        content_type="application/json",
        headers={"authorization": "Bearer expired"},
    )

    assert response.status_code == 200


def test_a_token_in_the_query_or_a_cookie_signs_nobody_in(client, customer):
    token = access_token(customer)
    client.cookies["access"] = token

    assert client.get(f"/test/people/?token={token}&access={token}").status_code == 401


def views_of(patterns):
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from views_of(pattern.url_patterns)
        elif issubclass(getattr(pattern.callback, "cls", object), Conventions):
            yield pattern.callback


def test_every_action_of_every_route_stands_in_its_table():
    missing, stale, declared = [], {}, {}
    for view in views_of(get_resolver("config.urls").url_patterns):
        if view.cls.public:
            continue
        methods = getattr(view, "actions", None) or {
            method: method for method in view.cls.http_method_names if hasattr(view.cls, method)
        }
        actions = {action for method, action in methods.items() if method not in {"head", "options"}}
        declared.setdefault(view.cls, set()).update(actions)
        missing += [(view.cls.__name__, action) for action in actions - view.cls.permissions.keys()]
    stale = {cls.__name__: cls.permissions.keys() - actions for cls, actions in declared.items()}

    assert len(declared) >= 5
    assert missing == []
    assert {name: actions for name, actions in stale.items() if actions} == {}


def test_every_route_of_the_api_follows_the_conventions():
    """What does not derive from them is neither limited nor checked: only pages and health may."""
    others = set()

    def walk(patterns, prefix):
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                walk(pattern.url_patterns, prefix + str(pattern.pattern))
            elif not issubclass(getattr(pattern.callback, "cls", object), Conventions):
                others.add(prefix + str(pattern.pattern))

    walk(get_resolver("config.urls").url_patterns, "")

    assert {route for route in others if route.startswith("api/")} == {
        "api/docs/",
        "api/docs/events/",
        "api/redoc/",
        "api/v1/docs/",
        "api/v1/docs/events/",
        "api/v1/redoc/",
    }
