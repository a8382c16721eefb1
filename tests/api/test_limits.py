"""The limiter as clients meet it."""

import re
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from django.db import connection

from helpdesk.limits.models import Hit
from tests.people import access_token

pytestmark = pytest.mark.usefixtures("small_views")


@pytest.fixture
def limits(settings, own_valkey):
    settings.RATE_LIMIT_ENABLED = True
    settings.RATE_LIMIT_USER, settings.RATE_LIMIT_ANON = "3/min", "2/min"
    return own_valkey


def rate_headers(response):
    return response.headers.get("RateLimit-Policy"), re.sub(r"t=\d+", "t=…", response.headers.get("RateLimit", ""))


def test_a_user_is_refused_after_the_last_allowed_request(limits, api_as, customer):
    client = api_as(customer)

    *allowed, refused = (client.get("/test/people/") for _ in range(4))

    assert [response.status_code for response in allowed] == [200, 200, 200]
    assert [rate_headers(response) for response in allowed] == [
        ('"user";q=3;w=60', f'"user";r={r};t=…') for r in (2, 1, 0)
    ]
    assert (refused.status_code, refused.json()["code"]) == (429, "throttled")
    assert rate_headers(refused) == ('"user";q=3;w=60', '"user";r=0;t=…')
    assert 55 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["Retry-After"] in refused.json()["detail"]


def test_another_user_is_not_touched(limits, api_as, customer, stranger):
    for _ in range(4):
        api_as(customer).get("/test/people/")

    assert api_as(stranger).get("/test/people/").status_code == 200


@pytest.mark.parametrize(
    ("path", "status"), [("/test/people/999/", 404), ("/test/doors/1/", 403), ("/test/people/?a=%00", 400)]
)
def test_errors_are_counted_and_carry_the_headers(limits, api_as, customer, path, status):
    response = api_as(customer).get(path)

    assert (response.status_code, rate_headers(response)) == (status, ('"user";q=3;w=60', '"user";r=2;t=…'))


def test_a_bug_is_counted_and_carries_the_headers(limits, quiet_client):
    response = quiet_client.get("/test/boom/bug/")

    assert (response.status_code, rate_headers(response)) == (500, ('"anon";q=2;w=60', '"anon";r=1;t=…'))


def test_401s_are_charged_to_the_address_until_it_has_none_left(limits, client, db):
    tokens = [{}, {"authorization": "Bearer invalid"}, {}, {"authorization": "Bearer invalid"}]

    responses = [client.get("/test/people/", headers=headers) for headers in tokens]

    assert [response.status_code for response in responses] == [401, 401, 429, 429]
    assert rate_headers(responses[1]) == ('"anon";q=2;w=60', '"anon";r=0;t=…')


def test_a_forwarded_address_buys_no_second_budget(limits, client, db):
    responses = [client.get("/test/people/", headers={"x-forwarded-for": f"198.51.100.{n}"}) for n in range(3)]

    assert [response.status_code for response in responses] == [401, 401, 429]


def test_neighbours_have_their_own_budget(limits, client, db):
    for _ in range(3):
        client.get("/test/people/", REMOTE_ADDR="2001:db8::1")

    same, other = (client.get("/test/people/", REMOTE_ADDR=address) for address in ("2001:db8::2", "2001:db8:0:1::1"))

    assert (same.status_code, other.status_code) == (429, 401)


def test_an_exhausted_address_does_not_stop_who_is_signed_in(limits, client, api_as, customer):
    for _ in range(3):
        client.get("/test/people/")

    assert api_as(customer).get("/test/people/").status_code == 200


def test_429_comes_before_405_and_404(limits, api_as, customer):
    client = api_as(customer)
    for _ in range(3):
        client.get("/test/people/")

    assert [client.put("/test/people/").status_code, client.get("/test/people/999/").status_code] == [429, 429]


@pytest.mark.parametrize(
    "path", ["/health", "/healthz", "/readyz", "/api/", "/api/docs/", "/api/redoc/", "/api/schema/?format=json"]
)
def test_health_and_docs_are_not_limited(limits, client, path, transactional_db):
    responses = [client.get(path) for _ in range(4)]

    assert [response.status_code for response in responses] == [200] * 4
    assert "RateLimit" not in responses[0].headers


def test_switched_off_nothing_is_counted(limits, settings, client, db):
    settings.RATE_LIMIT_ENABLED = False

    responses = [client.get("/test/people/") for _ in range(4)]

    assert [response.status_code for response in responses] == [401] * 4
    assert "RateLimit" not in responses[0].headers


def sign_in(client):
    return client.post(
        "/api/auth/token/", {"username": "a", "password": "b"}, content_type="application/json"
    ).status_code


def test_with_redis_down_requests_go_on_and_are_counted_here(limits, api_as, customer, settings):
    settings.RATE_LIMIT_USER = "2/min"
    limits.kill()
    client = api_as(customer)

    assert [client.get("/test/people/").status_code for _ in range(3)] == [200, 200, 429]


def test_with_redis_hung_guessing_passwords_stays_limited_by_the_database(limits, client, db):
    limits.freeze()

    assert [sign_in(client) for _ in range(3)] == [401, 401, 429]
    assert Hit.objects.filter(key__startswith="anon:").count() == 2


def test_of_300_parallel_requests_against_a_limit_of_100_exactly_100_pass(start_daphne, customer):
    daphne = start_daphne(RATE_LIMIT_ENABLED="true", RATE_LIMIT_USER="100/min")
    headers = {"authorization": f"Bearer {access_token(customer)}"}
    connection.close()

    with httpx.Client(base_url=daphne.base_url, headers=headers, timeout=60) as http, ThreadPoolExecutor(30) as threads:
        responses = list(threads.map(lambda _: http.get("/api/users/me/"), range(300)))

    statuses = [response.status_code for response in responses]
    assert (statuses.count(200), statuses.count(429)) == (100, 200)
    assert all(response.headers["RateLimit-Policy"] == '"user";q=100;w=60' for response in responses)
