"""What a password costs, and how many are paid for at once."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from argon2.exceptions import HashingError
from django.contrib.auth.hashers import (
    Argon2PasswordHasher,
    MD5PasswordHasher,
    PBKDF2PasswordHasher,
    get_hashers,
    make_password,
)
from rest_framework.test import APIClient

from config.settings.components import auth
from helpdesk.accounts import hashers
from helpdesk.accounts.hashers import Argon2Hasher, TooManyHashes
from helpdesk.accounts.models import User
from tests.accounts.loud_hasher import busy_hashers
from tests.people import PASSWORD, UserFactory


@pytest.fixture(autouse=True)
def as_in_production(settings: Any) -> None:
    settings.PASSWORD_HASHERS = auth.PASSWORD_HASHERS


@pytest.fixture
def busy() -> Iterator[None]:
    with busy_hashers():
        yield


def sign_in(username: str, password: str = PASSWORD) -> Any:
    return APIClient().post("/api/auth/token/", {"username": username, "password": password})


class OldArgon2(Argon2PasswordHasher):
    """The same algorithm at another cost."""

    memory_cost, time_cost, parallelism = 1024, 1, 1


class CountingHasher(MD5PasswordHasher):
    hashes = 0

    def encode(self, password: str, salt: str) -> str:
        CountingHasher.hashes += 1
        return super().encode(password, salt)


SALT = "salt-of-sixteen-letters"
OLD = OldArgon2().encode(PASSWORD, SALT)


def test_a_hash_costs_what_owasp_names() -> None:
    assert make_password(PASSWORD).startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")


def test_no_more_than_four_are_made_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashers, "PATIENCE", 60)
    most, now, lock = 0, 0, threading.Lock()

    class Watched(Argon2Hasher):
        def params(self) -> Any:
            # Asked by the library's caller, in the thread.
            nonlocal most, now
            with lock:
                now += 1
                most = max(most, now)
            time.sleep(0.1)
            with lock:
                now -= 1
            return super().params()

    with ThreadPoolExecutor(24) as threads:
        made = list(threads.map(lambda n: Watched().encode(f"{PASSWORD}{n}", SALT), range(24)))

    assert len(set(made)) == 24
    assert 1 < most <= 4


def test_every_hasher_of_production_waits_for_its_turn(busy: None) -> None:
    for hasher in get_hashers():
        with pytest.raises(TooManyHashes):
            hasher.encode(PASSWORD, SALT)


def test_who_would_wait_too_long_is_told_to_come_back_and_not_let_in(db: None, busy: None) -> None:
    User.objects.create(username="ada", password=OLD)
    for name in ("ada", "nobody"):
        answer = sign_in(name)
        assert (answer.status_code, answer.json()["code"], answer.headers["Retry-After"]) == (503, "unavailable", "5")


def test_what_was_not_hashed_was_no_guess(db: None, settings: Any, own_valkey: Any, request: Any) -> None:
    settings.RATE_LIMIT_ENABLED, settings.SIGN_IN_LIMIT_BOTH = True, "1/15min"
    UserFactory(username="ada")
    request.getfixturevalue("busy")
    assert [sign_in("ada").status_code for _ in range(3)] == [503] * 3


def test_an_error_takes_nobodys_turn() -> None:
    for _ in range(9):
        with pytest.raises(HashingError):
            Argon2Hasher().encode(PASSWORD, "short")
    assert Argon2Hasher().encode(PASSWORD, SALT)


# --- hashes of another time --------------------------------------------------------------------------------------------


def with_hash(encoded: str, **fields: Any) -> User:
    user = UserFactory(username="ada", **fields)
    User.objects.filter(pk=user.pk).update(password=encoded)
    user.refresh_from_db()
    return user


@pytest.mark.parametrize("hasher", [OldArgon2(), PBKDF2PasswordHasher()], ids=["cheaper", "another"])
def test_an_old_hash_is_renewed_when_its_owner_comes_in(db: None, hasher: Any) -> None:
    user = with_hash(hasher.encode(PASSWORD, SALT))
    session = sign_in("ada").json()

    user.refresh_from_db()

    assert user.password.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert user.token_version == 0
    assert sign_in("ada").status_code == 200
    assert APIClient(HTTP_AUTHORIZATION=f"Bearer {session['access']}").get("/api/users/me/").status_code == 200


@pytest.mark.parametrize(("fields", "password"), [({}, "wrong"), ({"is_active": False}, PASSWORD)])
def test_for_nobody_else_it_is_renewed(db: None, fields: Any, password: str) -> None:
    """That work would tell that an inactive account's password was right."""
    user = with_hash(OLD, **fields)

    assert sign_in("ada", password).status_code == 401

    user.refresh_from_db()
    assert user.password == OLD


def test_a_refusal_with_a_cheaper_old_hash_costs_a_new_one_too(db: None, settings: Any) -> None:
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher", f"{__name__}.OldArgon2"]
    UserFactory(username="other")
    with_hash(OLD)
    costs = []
    for name in ("ada", "other", "nobody"):
        before = CountingHasher.hashes
        assert sign_in(name, "wrong").status_code == 401
        costs.append(CountingHasher.hashes - before)
    assert costs == [1, 1, 1]


def test_a_password_that_was_changed_meanwhile_stays_changed(db: None, settings: Any) -> None:
    """Django's own renewal would write the old one back."""
    from helpdesk.accounts.operations.credentials import _renew_hash

    user = with_hash(OLD)
    User.objects.filter(pk=user.pk).update(password="another")

    _renew_hash(user, PASSWORD)

    assert User.objects.get(pk=user.pk).password == "another"
