import logging

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient

from helpdesk.api.request_id import current_request_id

pytestmark = pytest.mark.usefixtures("small_views")


def request_lines(caplog):
    return [record.msg for record in caplog.records if record.name == "helpdesk.request"]


@pytest.mark.parametrize("wished", ["a", "0d3fb4b2", "A.b_c-9", "x" * 128])
def test_a_sane_id_of_the_client_is_kept(client, wished):
    response = client.get("/nowhere/", headers={"x-request-id": wished})

    assert (response.headers["X-Request-ID"], response.json()["request_id"]) == (wished, wished)


@pytest.mark.parametrize("wished", ["", "a b", "x" * 129, 'a"b', "a\tb", "ñ", "a/b", "<script>"])
def test_any_other_is_replaced(client, wished):
    response = client.get("/nowhere/", headers={"x-request-id": wished})

    assert response.headers["X-Request-ID"] == response.json()["request_id"]
    assert len(response.headers["X-Request-ID"]) == 32


def test_two_requests_have_two_ids(client):
    assert client.get("/health").headers["X-Request-ID"] != client.get("/health").headers["X-Request-ID"]


def test_each_request_is_one_line_with_who_what_and_how_long(api_as, customer, caplog):
    caplog.set_level(logging.INFO)

    api_as(customer).get("/test/people/?page=1&token=secret", headers={"x-request-id": "r1"})

    (line,) = request_lines(caplog)
    assert {key: line[key] for key in ("event", "method", "path", "status", "user_id", "request_id")} == {
        "event": "request",
        "method": "GET",
        "path": "/test/people/",
        "status": 200,
        "user_id": customer.pk,
        "request_id": "r1",
    }
    assert 0 < line["ms"] < 5000


def test_a_line_break_in_a_path_starts_no_line(client, caplog):
    caplog.set_level(logging.INFO)

    client.get("/a%0Ab")

    assert [line["path"] for line in request_lines(caplog)] == ["/a%0Ab"]


def test_nobody_inherits_the_one_before(api_as, customer, client, caplog):
    caplog.set_level(logging.INFO)
    api_as(customer).get("/test/people/")

    client.get("/health")

    assert ["user_id" in line for line in request_lines(caplog)] == [True, False]


def test_outside_of_a_request_there_is_no_id():
    import contextvars

    assert contextvars.Context().run(current_request_id) == ""


def test_under_asgi_id_user_and_problem_are_the_same(api_as, customer, caplog, transactional_db):
    caplog.set_level(logging.INFO)
    authorization = api_as(customer)._credentials or api_as(customer).defaults["HTTP_AUTHORIZATION"]

    response = async_to_sync(AsyncClient().get)(
        "/test/people/999/", headers={"x-request-id": "r2", "authorization": authorization}
    )

    (line,) = request_lines(caplog)
    assert (response.status_code, response.json()["request_id"], response.headers["X-Request-ID"]) == (404, "r2", "r2")
    assert (line["request_id"], line["user_id"], line["status"]) == ("r2", customer.pk, 404)
