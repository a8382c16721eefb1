"""`POST /api/auth/token/` and `/refresh/`: getting in, staying in, and being thrown out."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.contrib.auth import authenticate
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import connection
from rest_framework.test import APIClient

from helpdesk.accounts.models import Session, User
from tests.people import NOON, PASSWORD, UserFactory

Api = Callable[[Any], Any]


def sign_in(username: str, password: str = PASSWORD) -> Any:
    return APIClient().post("/api/auth/token/", {"username": username, "password": password})


def refresh(token: Any) -> Any:
    return APIClient().post("/api/auth/token/refresh/", {"refresh": token})


def me(access: str) -> Any:
    return APIClient(HTTP_AUTHORIZATION=f"Bearer {access}").get("/api/users/me/")


def without_request_id(response: Any) -> tuple[int, bytes]:
    return response.status_code, response.content.replace(response.json()["request_id"].encode(), b"")


# --- in --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ada", "ADA", "Ada", "ada@example.org", "ADA@Example.ORG"])
def test_a_name_or_an_address_in_any_case_signs_in(db: None, name: str) -> None:
    user = UserFactory(username="Ada", email="Ada@example.org")

    response = sign_in(name)

    assert response.status_code == 200
    assert set(response.json()) == {"access", "refresh"}
    assert me(response.json()["access"]).json()["id"] == user.pk


def test_wrong_unknown_and_inactive_are_answered_alike(db: None) -> None:
    UserFactory(username="ada")
    UserFactory(username="gone", is_active=False)

    answers = [sign_in("ada", "wrong"), sign_in("nobody"), sign_in("nobody@example.com"), sign_in("gone")]

    assert answers[0].status_code == 401
    assert answers[0].json()["code"] == "no_active_account"
    assert len({without_request_id(answer) for answer in answers}) == 1
    assert not Session.objects.exists()


class CountingHasher(MD5PasswordHasher):
    hashes = 0

    def encode(self, password: str, salt: str) -> str:
        CountingHasher.hashes += 1
        return super().encode(password, salt)


def test_every_refusal_costs_one_hash(db: None, settings: Any) -> None:
    """Or its time would tell which names exist."""
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    UserFactory(username="ada", email="ada@example.org")
    UserFactory(username="gone", is_active=False)
    costs = []
    for name in ("ada", "ADA@example.org", "gone", "nobody", "nobody@example.org", "@"):
        before = CountingHasher.hashes
        assert sign_in(name, "wrong").status_code == 401
        costs.append(CountingHasher.hashes - before)
    assert costs == [1] * 6


def test_a_name_that_only_looks_alike_is_another(db: None) -> None:
    """Upper case would make one of the two: a dotless i and a long s have the capitals of the usual ones."""
    admin = UserFactory(username="admins", role="admin")
    UserFactory(username="adm\u0131n\u017f", email="")

    assert me(sign_in("ADMINS").json()["access"]).json()["id"] == admin.pk
    assert me(sign_in("adm\u0131n\u017f").json()["access"]).json()["id"] != admin.pk


def test_an_empty_address_belongs_to_nobody(db: None) -> None:
    UserFactory(username="ada", email="")
    assert sign_in("@").status_code == 401


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["username", "password"]),
        ({"username": "ada"}, ["password"]),
        ({"username": "", "password": ""}, ["username", "password"]),
        ({"username": None, "password": PASSWORD}, ["username"]),
        ({"username": ["ada"], "password": {"a": 1}}, ["username", "password"]),
        ({"username": 7, "password": True}, ["username", "password"]),
        ({"username": "a" * 255, "password": PASSWORD}, ["username"]),
        ({"username": "ada", "password": "p" * 1025}, ["password"]),
    ],
)
def test_what_is_no_name_or_password_is_400(db: None, body: Any, fields: list[str]) -> None:
    response = APIClient().post("/api/auth/token/", body)
    assert response.status_code == 400
    assert [error["field"] for error in response.json()["errors"]] == fields


def test_a_password_is_taken_to_the_letter(db: None) -> None:
    user = UserFactory(username="ada")
    user.set_password("  päss wörd  ")
    user.save()
    assert sign_in("ada", "  päss wörd  ").status_code == 200
    assert sign_in("ada", "päss wörd").status_code == 401


def test_signing_in_needs_no_good_token(db: None) -> None:
    """A client that still sends its dead one must get a new one."""
    UserFactory(username="ada")
    client = APIClient(HTTP_AUTHORIZATION="Bearer dead")
    assert client.post("/api/auth/token/", {"username": "ada", "password": PASSWORD}).status_code == 200


def test_each_device_has_a_session_of_its_own(db: None) -> None:
    UserFactory(username="ada")
    phone, laptop = sign_in("ada").json(), sign_in("ada").json()
    assert refresh(phone["refresh"]).status_code == 200
    assert refresh(phone["refresh"]).status_code == 401
    assert me(phone["access"]).status_code == 401
    assert me(laptop["access"]).status_code == 200
    assert refresh(laptop["refresh"]).status_code == 200


# --- staying ---------------------------------------------------------------------------------------------------------


def test_a_refresh_brings_a_new_pair_that_works(db: None) -> None:
    UserFactory(username="ada")
    first = sign_in("ada").json()

    second = refresh(first["refresh"])

    assert second.status_code == 200
    assert set(second.json()) == {"access", "refresh"}
    assert second.json()["refresh"] != first["refresh"]
    assert me(second.json()["access"]).status_code == 200
    assert refresh(second.json()["refresh"]).status_code == 200


def test_a_spent_token_is_refused_and_ends_the_whole_session(db: None) -> None:
    UserFactory(username="ada")
    first = sign_in("ada").json()
    second = refresh(first["refresh"]).json()
    third = refresh(second["refresh"]).json()

    reused = refresh(first["refresh"])

    assert (reused.status_code, reused.json()["code"]) == (401, "token_not_valid")
    assert refresh(third["refresh"]).status_code == 401
    for pair in (first, second, third):
        assert me(pair["access"]).status_code == 401
    assert Session.objects.get().ended_at is not None


@pytest.mark.parametrize("round_", range(3))
def test_of_twenty_refreshes_at_once_at_most_one_child_lives(transactional_db: None, round_: int) -> None:
    UserFactory(username="ada")
    parent = sign_in("ada").json()
    answers: list[Any] = []
    gate = threading.Barrier(20)

    def run() -> None:
        gate.wait(30)
        try:
            answers.append(refresh(parent["refresh"]))
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert len(answers) == 20
    assert {answer.status_code for answer in answers} <= {200, 401}
    children = [answer.json() for answer in answers if answer.status_code == 200]
    assert len(children) == 1
    # And that one was seen to be shared, so it is dead too.
    assert [me(child["access"]).status_code for child in children] == [401]
    assert [refresh(child["refresh"]).status_code for child in children] == [401]


def test_access_lives_an_hour_and_refresh_a_week(db: None) -> None:
    UserFactory(username="ada")
    with time_machine.travel(NOON, tick=False) as clock:
        pair = sign_in("ada").json()
        clock.shift(3599)
        assert me(pair["access"]).status_code == 200
        clock.shift(2)
        assert me(pair["access"]).status_code == 401
        clock.shift(6 * 86_400)
        pair = refresh(pair["refresh"]).json()
        assert me(pair["access"]).status_code == 200
        clock.shift(7 * 86_400 + 1)
        assert refresh(pair["refresh"]).status_code == 401


def test_an_access_token_does_not_refresh(db: None) -> None:
    UserFactory(username="ada")
    pair = sign_in("ada").json()
    assert refresh(pair["access"]).status_code == 401
    assert me(pair["refresh"]).status_code == 401


# --- thrown out ------------------------------------------------------------------------------------------------------


def test_a_deactivated_user_is_out_at_the_next_request(db: None) -> None:
    user = UserFactory(username="ada")
    pair = sign_in("ada").json()
    User.objects.filter(pk=user.pk).update(is_active=False)

    assert me(pair["access"]).status_code == 401
    assert refresh(pair["refresh"]).status_code == 401
    assert sign_in("ada").status_code == 401
    User.objects.filter(pk=user.pk).update(is_active=True)
    assert me(pair["access"]).status_code == 200


def test_a_new_role_counts_at_the_next_request(db: None, agent: Any) -> None:
    user = UserFactory(username="ada")
    client = APIClient(HTTP_AUTHORIZATION=f"Bearer {sign_in('ada').json()['access']}")

    statuses = []
    for role in ("customer", "agent", "customer"):
        User.objects.filter(pk=user.pk).update(role=role)
        statuses.append(client.get("/api/users/").status_code)

    assert statuses == [403, 200, 403]


def test_a_deleted_user_is_out(db: None) -> None:
    user = UserFactory(username="ada")
    pair = sign_in("ada").json()
    user.delete()
    assert me(pair["access"]).status_code == 401
    assert refresh(pair["refresh"]).status_code == 401


def test_a_superuser_counts_as_admin(db: None) -> None:
    User.objects.create_superuser("root", "root@example.org", PASSWORD)
    access = sign_in("root").json()["access"]
    assert me(access).json()["role"] == "admin"
    client = APIClient(HTTP_AUTHORIZATION=f"Bearer {access}")
    assert "email" in client.get("/api/users/").json()["results"][0]


def test_what_is_not_asked_with_a_name_and_a_password_is_not_answered(db: None) -> None:
    """Django passes any credentials to every backend."""
    assert authenticate(token="x") is None
    assert authenticate(username="ada") is None
    assert authenticate(password=PASSWORD) is None


def test_no_cookie_signs_anybody_in(db: None) -> None:
    UserFactory(username="ada")
    response = sign_in("ada")
    assert not response.cookies
    client = APIClient()
    client.cookies["access"] = client.cookies["sessionid"] = client.cookies["Authorization"] = response.json()["access"]
    assert client.get("/api/users/me/").status_code == 401
