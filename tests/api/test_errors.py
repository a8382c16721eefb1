import logging
import re

import pytest
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.test import Client, RequestFactory

from helpdesk.api import errors
from tests.api.conftest import without_id

pytestmark = pytest.mark.usefixtures("small_views")

EXPECTED = {
    "conflict": (409, "already_assigned", "Somebody was faster."),
    "forbidden": (403, "permission_denied", "No."),
    "gone": (410, "gone", "Too old."),
    "missing": (404, "not_found", "Not found."),
    "unauthenticated": (401, "not_authenticated", "Who?"),
    "unavailable": (503, "unavailable", "Later."),
    "fields": (400, "invalid", "Some."),
    "http404": (404, "not_found", "Not found."),
    "drf404": (404, "not_found", "Not found."),
    "denied": (403, "permission_denied", "Your role may not do this."),
    "drf_denied": (403, "permission_denied", "Your role may not do this."),
    "suspicious": (400, "bad_request", "The request cannot be understood."),
    "too_many_fields": (400, "bad_request", "The request cannot be understood."),
    "too_big": (413, "too_large", "The body is too large."),
    "django_validation": (400, "invalid", "Some fields are wrong."),
    "operational": (503, "unavailable", "A part of the service is down. Try again in a moment."),
    "interface": (503, "unavailable", "A part of the service is down. Try again in a moment."),
    "data": (400, "bad_request", "The request cannot be understood."),
    "redis": (503, "unavailable", "A part of the service is down. Try again in a moment."),
    "bug": (500, "internal_error", "Something went wrong on our side. Name the request id when you report it."),
}


@pytest.mark.parametrize("route", ["boom", "plain-boom"])
@pytest.mark.parametrize("name", EXPECTED)
def test_every_exception_is_a_problem(quiet_client, name, route):
    response = quiet_client.get(f"/test/{route}/{name}/")

    body = response.json()
    assert response.headers["Content-Type"] == "application/problem+json"
    assert (response.status_code, body["code"], body["detail"]) == EXPECTED[name]
    assert (body["status"], body["type"], body["request_id"]) == (
        response.status_code,
        "about:blank",
        response.headers["X-Request-ID"],
    )
    assert response.headers["Cache-Control"] == "private, no-store"


def test_a_problem_has_exactly_the_members_of_the_contract(client):
    body = client.get("/test/boom/fields/").json()

    assert without_id(body) == {
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "code": "invalid",
        "detail": "Some.",
        "errors": [{"field": "tags.0", "code": "unknown", "message": "No such tag."}],
    }


def test_an_operation_adds_members_but_replaces_none(client):
    body = client.get("/test/boom/conflict/").json()

    assert (body["assigned_to"], body["status"]) == (7, 409)


def test_a_part_that_is_down_says_when_to_come_back(client):
    assert client.get("/test/boom/operational/").headers["Retry-After"] == "5"
    assert client.get("/test/boom/unavailable/").headers["Retry-After"] == "5"


def test_a_401_says_how_to_sign_in(client):
    assert client.get("/test/boom/unauthenticated/").headers["WWW-Authenticate"] == "Bearer"
    assert client.get("/api/users/me/").headers["WWW-Authenticate"] == "Bearer"


def test_a_wrong_password_is_401_although_log_in_authenticates_nobody(client, customer):
    body = {"username": customer.username, "password": "wrong"}

    response = client.post("/api/auth/token/", body, content_type="application/json")

    assert (response.status_code, response.json()["code"]) == (401, "no_active_account")
    assert response.headers["WWW-Authenticate"] == "Bearer"


def test_a_bug_is_logged_with_its_traceback_and_told_to_nobody(quiet_client, caplog):
    response = quiet_client.get("/test/boom/bug/")

    assert b"secret detail" not in response.content
    logged = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert [record.exc_info[0] for record in logged if record.exc_info] == [ZeroDivisionError]


def test_a_bug_fails_the_test_that_meets_it(client):
    with pytest.raises(ZeroDivisionError):
        client.get("/test/boom/bug/")


def test_fields_at_fault_are_dotted(client):
    body = {"title": "long", "tags": ["ok", "long"], "inner": {"size": "x"}, "items": [{"size": 1}, {}]}

    problem = client.post("/test/validating/", body, content_type="application/json").json()

    assert problem["code"] == "invalid"
    assert [(error["field"], error["code"]) for error in problem["errors"]] == [
        ("title", "max_length"),
        ("tags.1", "max_length"),
        ("inner.size", "invalid"),
        ("items.1.size", "required"),
    ]


def test_a_nested_value_of_the_wrong_kind_names_its_field(client):
    problem = client.post(
        "/test/validating/", {"title": "ok", "inner": [], "items": {}}, content_type="application/json"
    ).json()

    assert [(error["field"], error["code"]) for error in problem["errors"]] == [
        ("inner", "invalid"),
        ("items", "not_a_list"),
    ]


def test_where_the_whole_is_at_fault_no_field_is_named(client):
    problem = client.post("/test/validating/", {"title": "bad"}, content_type="application/json").json()

    assert without_id(problem) == {
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "code": "whole",
        "detail": "The whole is wrong.",
    }


@pytest.mark.parametrize("path", ["/nowhere/", "/api/nowhere/", "/api/v1/nowhere/", "/api/tickets"])
@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_an_unknown_path_is_a_problem_and_never_a_redirect(client, path, method):
    response = getattr(client, method)(path)

    assert (response.status_code, response.json()["code"]) == (404, "not_found")


def test_a_method_that_a_plain_view_lacks_is_a_problem_with_allow(client):
    response = client.post("/test/plain/")

    assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")
    assert response.headers["Allow"] == "GET, HEAD"


@pytest.mark.parametrize(
    "path", ["/nowhere/", "/test/plain-boom/bug/", "/test/boom/bug/", "/test/plain-boom/suspicious/"]
)
def test_the_pages_for_developers_are_problems_too(settings, quiet_client, path):
    settings.DEBUG = True

    response = quiet_client.get(path)

    assert response.headers["Content-Type"] == "application/problem+json"
    assert b"Traceback" not in response.content


def test_a_host_that_is_not_ours_is_a_problem(settings, client):
    settings.ALLOWED_HOSTS = ["helpdesk.example"]

    response = client.get("/api/", headers={"host": "evil.example"})

    assert (response.status_code, response.headers["Content-Type"]) == (400, "application/problem+json")


def test_djangos_own_size_limits_are_413_and_400():
    request = RequestFactory().get("/")

    assert errors.handler400(request, RequestDataTooBig()).status_code == 413
    assert errors.handler400(request, SuspiciousOperation()).status_code == 400
    assert errors.handler403(request).status_code == 403


def test_sentences_follow_the_language_and_codes_do_not(client):
    english = client.get("/test/boom/http404/", headers={"accept-language": "en"}).json()
    spanish = client.get("/test/boom/http404/", headers={"accept-language": "es-PE, en;q=0.5"}).json()

    assert (english["detail"], spanish["detail"]) == ("Not found.", "No encontrado.")
    assert {**without_id(english), "detail": ""} == {**without_id(spanish), "detail": ""}


def test_each_404_is_equal_in_every_byte_but_the_request_id(client):
    bodies = {
        re.sub(rb'"request_id":"\w+"', b"", client.get(f"/test/boom/{name}/").content)
        for name in ("missing", "http404", "drf404")
    } | {re.sub(rb'"request_id":"\w+"', b"", client.get("/nowhere/").content)}

    assert len(bodies) == 1


def test_a_head_of_an_error_has_no_body():
    response = Client().head("/nowhere/")

    assert (response.status_code, response.content) == (404, b"")
