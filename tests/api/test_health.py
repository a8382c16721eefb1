import time

import httpx
import pytest

from helpdesk.api import health
from tests.people import access_token


@pytest.mark.parametrize("path", ["/health", "/healthz", "/health/", "/healthz/"])
def test_a_process_that_runs_is_healthy(client, path):
    response = client.get(path)

    assert (response.status_code, response.json()) == (200, {"status": "healthy"})


def test_ready_with_both_servers(client, transactional_db, own_valkey):
    response = client.get("/readyz")

    assert (response.status_code, response.json()) == (200, {"status": "ready"})


@pytest.mark.parametrize("how", ["kill", "freeze"])
def test_degraded_without_redis(client, transactional_db, own_valkey, how):
    getattr(own_valkey, how)()

    response = client.get("/readyz")

    assert (response.status_code, response.json()) == (200, {"status": "degraded", "redis": "down"})


def test_without_postgresql_it_is_alive_and_not_ready_and_answers_503(start_daphne, customer):
    token = access_token(customer)
    daphne = start_daphne(DATABASE_URL="postgresql:///helpdesk?host=/nowhere&user=nobody", RATE_LIMIT_ENABLED="true")

    with httpx.Client(base_url=daphne.base_url, timeout=20) as http:
        alive, ready = http.get("/health"), http.get("/readyz")
        signed_in = http.get("/api/users/me/", headers={"authorization": f"Bearer {token}"})
        log_in = http.post("/api/auth/token/", json={"username": "a", "password": "b"})

    assert (alive.status_code, alive.json()) == (200, {"status": "healthy"})
    assert ready.json()["postgresql"] == "down"
    for response in (ready, signed_in, log_in):
        assert (response.status_code, response.json()["code"]) == (503, "unavailable")
        assert response.headers["Retry-After"] == "5"


def test_a_hung_postgresql_holds_no_probe_longer_than_its_patience(client, monkeypatch):
    monkeypatch.setattr(health, "PATIENCE", 0.1)
    asked = []

    def hang() -> None:
        asked.append(1)
        time.sleep(0.5)

    monkeypatch.setattr(health, "_database", health.Probe(hang))
    began = time.monotonic()

    statuses = [client.get("/readyz").status_code for _ in range(3)]

    assert statuses == [503] * 3
    assert time.monotonic() - began < 0.5
    time.sleep(0.7)
    assert asked == [1]


@pytest.mark.parametrize("path", ["/health", "/readyz"])
def test_nobody_keeps_an_answer_about_health(client, path, transactional_db):
    assert "no-store" in client.get(path).headers["Cache-Control"]


def test_health_is_only_read(client):
    response = client.post("/health")

    assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")


def test_a_process_that_is_about_to_end_is_not_ready_and_alive(client, transactional_db, monkeypatch):
    monkeypatch.setattr(health.draining, "is_on", True)

    ready, alive = client.get("/readyz"), client.get("/healthz")

    assert (ready.status_code, ready.json()["process"], ready.headers["Retry-After"]) == (503, "draining", "5")
    assert alive.status_code == 200
