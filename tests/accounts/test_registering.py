"""`POST /api/auth/register/`: a customer by oneself, and nobody learns who is one already."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from helpdesk.accounts.models import User
from helpdesk.events.models import EventRecord
from helpdesk.events.operations import sweep
from helpdesk.notifications.models import EmailLog
from tests.mailbox import mails, token_in
from tests.people import UserFactory

Api = Callable[[Any], Any]

GOOD = "a-long-enough-passphrase"
ADA = {"username": "ada", "email": "ada@example.org", "password": GOOD}


def register(**fields: Any) -> Any:
    return APIClient().post("/api/auth/register/", ADA | fields)


def types() -> list[tuple[str, str | None]]:
    return [(record.type, record.body["actor"]) for record in EventRecord.objects.order_by("id")]


# --- who is new ------------------------------------------------------------------------------------------------------


def test_who_registers_is_a_customer_who_can_sign_in_before_the_mail_is_read(db: None, committing: Any) -> None:
    with committing():
        response = register(name="Ada Lovelace")

    assert (response.status_code, response.json()) == (201, {"detail": "Look into your mailbox."})
    user = User.objects.get()
    assert (user.username, user.email, user.name, user.role) == ("ada", "ada@example.org", "Ada Lovelace", "customer")
    assert (user.email_verified, user.is_active, user.is_staff, user.is_superuser) == (False, True, False, False)
    assert types() == [("user_created", "ada"), ("email_verification_requested", "ada")]
    pair = APIClient().post("/api/auth/token/", {"username": "ada", "password": GOOD}).json()
    me = APIClient(HTTP_AUTHORIZATION=f"Bearer {pair['access']}").get("/api/users/me/").json()
    assert (me["id"], me["email_verified"]) == (user.pk, False)
    (mail,) = mails()
    assert (mail.to, mail.subject) == (["ada@example.org"], "Verify your e-mail address")
    assert APIClient().post("/api/auth/email/verify/", {"token": token_in(mail)}).status_code == 204


def test_nobody_registers_as_anything_else(db: None) -> None:
    more = {
        "role": "admin",
        "is_staff": True,
        "is_superuser": True,
        "email_verified": True,
        "is_active": False,
        "id": 7,
    }
    assert register(**more).status_code == 201
    user = User.objects.get()
    assert (user.role, user.is_staff, user.is_superuser, user.email_verified, user.is_active) == (
        *("customer", False, False),
        *(False, True),
    )
    assert user.pk != 7


def test_the_mails_speak_the_language_of_the_request(db: None, committing: Any) -> None:
    with committing():
        response = APIClient().post("/api/auth/register/", ADA, headers={"Accept-Language": "es-PE,es;q=0.9"})

    assert response.json() == {"detail": "Revisa tu buzón."}
    assert User.objects.get().language == "es"
    assert [mail.subject for mail in mails()] == ["Verifica tu dirección de correo"]


def test_no_event_and_no_row_holds_a_password_or_a_token(db: None, committing: Any) -> None:
    with committing():
        register()
    (mail,) = mails()

    hashed = User.objects.get().password
    rows = [list(EventRecord.objects.values()), list(EmailLog.objects.values())]
    assert not [secret for secret in (GOOD, hashed, token_in(mail)) if secret in str(rows)]


def test_a_crash_right_after_the_commit_loses_no_mail(db: None) -> None:
    """Nobody was told, so the sweep tells."""
    register()
    assert mails() == []
    sweep(now=timezone.now() + timedelta(minutes=1))
    assert [mail.to for mail in mails()] == [["ada@example.org"]]


# --- who is known ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("email", ["ada@example.org", "ADA@Example.ORG"])
def test_a_known_address_is_answered_as_a_new_one_and_its_owner_is_told(db: None, committing: Any, email: str) -> None:
    owner = UserFactory(username="countess", email="Ada@example.org")
    before = User.objects.values().get()
    with committing():
        known = register(email=email)
        new = register(username="grace", email="grace@example.org")

    assert (known.status_code, known.content, shape(known)) == (new.status_code, new.content, shape(new))
    assert list(User.objects.exclude(username="grace").values()) == [before]
    assert EventRecord.objects.filter(subject_id=owner.pk).values_list("type", flat=True).get() == "registered_again"
    told = {mail.to[0]: mail.subject for mail in mails()}
    assert told == {
        "Ada@example.org": "You have an account already",
        "grace@example.org": "Verify your e-mail address",
    }


def shape(response: Any) -> dict[str, str]:
    """The headers, but for what differs between any two requests."""
    return {name: value for name, value in response.headers.items() if name != "X-Request-ID"}


class CountingHasher(MD5PasswordHasher):
    hashes = 0

    def encode(self, password: str, salt: str) -> str:
        CountingHasher.hashes += 1
        return super().encode(password, salt)


def test_a_known_address_costs_as_many_hashes_as_a_new_one(db: None, settings: Any) -> None:
    UserFactory(username="countess", email="ada@example.org")
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    costs = []
    for email in ("ada@example.org", "grace@example.org"):
        before = CountingHasher.hashes
        assert register(username=f"u{email[:3]}", email=email).status_code == 201
        costs.append(CountingHasher.hashes - before)
    assert costs == [1, 1]


def test_an_inactive_owner_is_not_told_and_not_betrayed(db: None, committing: Any) -> None:
    UserFactory(email="ada@example.org", is_active=False)
    with committing():
        assert register().status_code == 201
    assert User.objects.count() == 1
    assert mails() == []


def test_an_owner_is_told_five_times_an_hour_at_most(db: None, committing: Any) -> None:
    UserFactory(email="ada@example.org")
    with committing():
        assert {register(username=f"u{n}").status_code for n in range(8)} == {201}
    assert len(mails()) == 5


# --- what cannot be --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("email", ["ada@example.org", "new@example.org"])
@pytest.mark.parametrize(
    ("fields", "at_fault", "code"),
    [
        ({"username": "taken"}, "username", "taken"),
        ({"username": "TAKEN"}, "username", "taken"),
        ({"username": "a@b"}, "username", "invalid"),
        ({"username": "with space"}, "username", "invalid"),
        ({"username": "x" * 151}, "username", "max_length"),
        ({"password": "short"}, "password", "weak_password"),
        ({"password": "1234567890"}, "password", "weak_password"),
        ({"password": "x" * 1025}, "password", "max_length"),
        ({"name": "x" * 151}, "name", "max_length"),
        ({"name": None}, "name", "null"),
    ],
)
def test_what_cannot_be_is_400_whoever_has_the_address(
    db: None, email: str, fields: dict[str, Any], at_fault: str, code: str
) -> None:
    UserFactory(username="taken", email="ada@example.org")
    response = register(email=email, **fields)
    assert response.status_code == 400
    assert {(error["field"], error["code"]) for error in response.json()["errors"]} == {(at_fault, code)}
    assert (User.objects.count(), types()) == (1, [])


@pytest.mark.parametrize("email", ["nonsense", "a@", "@b", "a b@example.org", "a@example.org\nBcc: b@c", "", None, 7])
def test_what_is_no_address_is_400(db: None, email: Any) -> None:
    response = register(email=email)
    assert response.status_code == 400
    assert [error["field"] for error in response.json()["errors"]] == ["email"]


@pytest.mark.parametrize("missing", ["username", "email", "password"])
def test_three_fields_are_needed(db: None, missing: str) -> None:
    response = APIClient().post("/api/auth/register/", {k: v for k, v in ADA.items() if k != missing})
    assert [(error["field"], error["code"]) for error in response.json()["errors"]] == [(missing, "required")]


def test_a_desk_may_be_closed_to_whom_it_did_not_invite(db: None, settings: Any) -> None:
    settings.REGISTRATION_OPEN = False
    for body in (ADA, {}, {"email": 7}):
        response = APIClient().post("/api/auth/register/", body)
        assert (response.status_code, response.json()["code"]) == (403, "registration_closed")
    assert not User.objects.exists()


# --- two at once -----------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("round_", range(5))
def test_of_many_who_register_one_address_at_once_one_gets_it_and_all_are_answered_alike(round_: int) -> None:
    ready = Barrier(6)

    def go(number: int) -> Any:
        ready.wait()
        try:
            return register(username=f"user{round_}{number}")
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(go, range(6)))

    assert {(answer.status_code, answer.content) for answer in answers} == {
        (201, b'{"detail":"Look into your mailbox."}')
    }
    user = User.objects.get()
    kinds = sorted(EventRecord.objects.filter(subject_id=user.pk).values_list("type", flat=True))
    assert kinds == ["email_verification_requested", *["registered_again"] * 5, "user_created"]


@pytest.mark.django_db(transaction=True)
def test_of_many_who_want_one_username_at_once_one_gets_it() -> None:
    ready = Barrier(4)

    def go(number: int) -> int:
        ready.wait()
        try:
            return int(register(email=f"u{number}@example.org").status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(go, range(4))) == [201, 400, 400, 400]
    assert User.objects.count() == 1
