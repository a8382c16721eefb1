"""A forgotten password and a first one: by a link to one's mailbox, and nobody learns whose it is."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from helpdesk.accounts.enums import Provider, Purpose
from helpdesk.accounts.models import OneTimeToken, Session, SocialIdentity, User
from helpdesk.accounts.operations import users
from helpdesk.accounts.operations.one_time_tokens import mint_link
from helpdesk.events.models import EventRecord
from tests.mailbox import mails, token_in
from tests.people import NOON, PASSWORD, UserFactory, access_token

Api = Callable[[Any], Any]

GOOD = "a-long-enough-passphrase"


def ask(email: Any) -> Any:
    return APIClient().post("/api/auth/password/reset/", {"email": email})


def confirm(token: Any, password: str = GOOD) -> Any:
    return APIClient().post("/api/auth/password/reset/confirm/", {"token": token, "new_password": password})


def sign_in(user: Any, password: str) -> int:
    body = {"username": user.username, "password": password}
    return int(APIClient().post("/api/auth/token/", body).status_code)


def link(user: Any, purpose: Purpose = Purpose.RESET_PASSWORD, *, age: timedelta = timedelta()) -> str:
    return mint_link(user=user, purpose=purpose, now=timezone.now() - age)


# --- asking ----------------------------------------------------------------------------------------------------------


def test_known_unknown_inactive_and_ones_without_a_password_are_answered_alike(db: None, committing: Any) -> None:
    UserFactory(email="Ada@example.org")
    UserFactory(email="gone@example.org", is_active=False)
    UserFactory(email="social@example.org", password=None)
    UserFactory(email="")
    addresses = ("ada@EXAMPLE.org", "gone@example.org", "social@example.org", "nobody@example.org")
    with committing():
        answers = [ask(address) for address in addresses]

    assert {(answer.status_code, answer.content) for answer in answers} == {
        (202, b'{"detail":"If somebody has this address, a mail is on its way."}')
    }
    shapes = [{name: v for name, v in a.headers.items() if name != "X-Request-ID"} for a in answers]
    assert all(shape == shapes[0] for shape in shapes)
    # Who signs in with a provider may want a password too; to the address as it is stored, not as it was typed.
    assert [mail.to for mail in mails()] == [["Ada@example.org"], ["social@example.org"]]
    assert set(EventRecord.objects.values_list("type", "actor_id")) == {("password_reset_requested", None)}


@pytest.mark.parametrize("email", ["", "x", None, 7, ["a@example.org"]])
def test_what_is_no_address_is_400(db: None, email: Any) -> None:
    response = ask(email)
    assert response.status_code == 400
    assert [error["field"] for error in response.json()["errors"]] == ["email"]


def test_a_name_that_only_looks_alike_is_another(db: None, committing: Any) -> None:
    """Upper case would make one of the two: mails would go to whoever registered the look-alike."""
    UserFactory(email="mike@example.org")
    with committing():
        ask("m\u0131ke@example.org")
    assert mails() == []


def test_nobody_is_written_to_more_than_five_times_an_hour(customer: Any, committing: Any) -> None:
    with committing():
        assert {ask(customer.email).status_code for _ in range(8)} == {202}
    assert len(mails()) == 5


# --- choosing --------------------------------------------------------------------------------------------------------


def test_the_link_changes_the_password_once_and_ends_every_session(customer: Any, committing: Any) -> None:
    client = APIClient(HTTP_AUTHORIZATION=f"Bearer {access_token(customer)}")
    version = customer.token_version
    with committing():
        ask(customer.email)
    (mail,) = mails()

    with committing():
        assert [confirm(token_in(mail)).status_code for _ in range(2)] == [204, 400]

    assert (sign_in(customer, GOOD), sign_in(customer, PASSWORD)) == (200, 401)
    assert client.get("/api/users/me/").status_code == 401
    assert Session.objects.filter(user=customer, ended_at=None).count() == 1  # the new one
    customer.refresh_from_db()
    assert customer.token_version > version
    assert customer.email_verified
    (notice,) = mails()
    assert (notice.to, notice.subject) == ([customer.email], "Your password was changed")


def test_a_password_that_is_too_weak_leaves_the_link_as_good_as_it_was(customer: Any) -> None:
    token = link(customer)
    for weak in ("short", "12345678901", "password", customer.username):
        response = confirm(token, weak)
        assert response.status_code == 400
        assert {(e["field"], e["code"]) for e in response.json()["errors"]} == {("new_password", "weak_password")}
    assert sign_in(customer, PASSWORD) == 200
    assert not EventRecord.objects.exclude(type="signed_in").exists()

    assert confirm(token).status_code == 204


@pytest.mark.parametrize(
    ("purpose", "lifetime"), [(Purpose.RESET_PASSWORD, timedelta(hours=1)), (Purpose.INVITATION, timedelta(days=7))]
)
def test_a_link_is_good_for_so_long(customer: Any, purpose: Purpose, lifetime: timedelta) -> None:
    old, young = (link(customer, purpose, age=lifetime + timedelta(seconds=s)) for s in (1, -5))
    assert confirm(old).json()["code"] == "link_not_valid"
    assert confirm(young).status_code == 204


@pytest.mark.parametrize("purpose", [Purpose.VERIFY_EMAIL, Purpose.SOCKET])
def test_another_kind_of_token_opens_nothing_here(customer: Any, purpose: Purpose) -> None:
    assert confirm(link(customer, purpose)).json()["code"] == "link_not_valid"
    assert sign_in(customer, PASSWORD) == 200


def test_unknown_used_old_and_the_inactives_links_are_refused_alike(customer: Any) -> None:
    gone, used = UserFactory(), link(UserFactory())
    confirm(used)
    theirs = link(gone)
    User.objects.filter(pk=gone.pk).update(is_active=False)

    answers = [confirm(token) for token in ("x", used, theirs, link(customer, age=timedelta(hours=2)))]

    assert len({a.content.replace(a.json()["request_id"].encode(), b"") for a in answers}) == 1
    assert {answer.status_code for answer in answers} == {400}
    assert User.objects.get(pk=gone.pk).check_password(PASSWORD)


def test_a_link_opens_nothing_once_the_address_is_another(customer: Any, admin: Any) -> None:
    token = link(customer)
    users.update_user(by=admin, user_id=customer.pk, changes={"email": "other@example.org"}, now=NOON)
    assert confirm(token).json()["code"] == "link_not_valid"
    assert sign_in(customer, PASSWORD) == 200


@pytest.mark.parametrize("purpose", [Purpose.RESET_PASSWORD, Purpose.INVITATION])
def test_a_new_password_however_it_came_withdraws_the_links_that_are_about(customer: Any, purpose: Purpose) -> None:
    first, second = link(customer, purpose), link(customer, Purpose.RESET_PASSWORD)
    assert confirm(second).status_code == 204
    assert confirm(first, f"{GOOD}-2").status_code == 400

    third = link(customer, purpose)
    users.set_password(by=customer, user_id=customer.pk, password=f"{GOOD}-3", now=timezone.now())
    assert confirm(third).status_code == 400
    assert sign_in(customer, f"{GOOD}-3") == 200


def test_who_had_never_proved_the_address_loses_what_was_linked_before(customer: Any) -> None:
    """Somebody may have registered with another's address, and linked an account of their own to come back by."""
    for user in (customer, UserFactory(email_verified=True)):
        SocialIdentity.objects.create(user=user, provider=Provider.GOOGLE, subject=str(user.pk), created_at=NOON)
        assert confirm(link(user)).status_code == 204
        assert confirm(link(user), f"{GOOD}-2").status_code == 204

    assert [identity.user_id == customer.pk for identity in SocialIdentity.objects.all()] == [False]
    told = list(EventRecord.objects.filter(subject_id=customer.pk).order_by("id").values_list("type", flat=True))
    assert told == ["user_updated", "email_verified", "identity_unlinked", "user_updated"]


def test_nobodys_link_changes_anybody_elses_password(customer: Any, stranger: Any) -> None:
    before = User.objects.get(pk=customer.pk).password
    body = {"token": link(stranger), "new_password": GOOD, "email": customer.email, "user": customer.pk}
    assert APIClient().post("/api/auth/password/reset/confirm/", body).status_code == 204
    assert User.objects.get(pk=customer.pk).password == before


@pytest.mark.django_db(transaction=True)
def test_of_many_who_follow_one_link_at_once_one_succeeds() -> None:
    user = UserFactory()
    token, ready = link(user), Barrier(6)

    def go(number: int) -> int:
        ready.wait()
        try:
            return int(confirm(token, f"{GOOD}-{number}").status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(go, range(6))) == [204, 400, 400, 400, 400, 400]
    assert EventRecord.objects.filter(type="user_updated").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_link_and_an_admin_who_sets_a_password_at_once_do_not_wait_for_each_other(admin: Any) -> None:
    """The one uses a token and writes the person, the other writes the person and withdraws the token."""
    user, ready = UserFactory(), Barrier(2)

    def by_link(token: str) -> bool:
        ready.wait()
        try:
            return confirm(token).status_code in {204, 400}
        finally:
            connection.close()

    def by_admin(password: str) -> bool:
        ready.wait()
        try:
            users.set_password(by=admin, user_id=user.pk, password=password, now=timezone.now())
            return True
        finally:
            connection.close()

    for number in range(10):
        with ThreadPoolExecutor(2) as pool:
            done = [pool.submit(by_link, link(user)), pool.submit(by_admin, f"{GOOD}-{number}")]
            assert [future.result() for future in done] == [True, True]


# --- links in mails --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Host", "X-Forwarded-Host", "X-Host", "Forwarded", "Origin", "Referer"])
def test_no_header_leads_a_link_elsewhere(customer: Any, committing: Any, settings: Any, name: str) -> None:
    settings.PUBLIC_URL = "https://desk.example.org"
    value = "host=evil.example" if name == "Forwarded" else "evil.example"
    client = APIClient(headers={name: value})
    with committing():
        client.post("/api/auth/password/reset/", {"email": customer.email})
        client.post("/api/auth/register/", {"username": "ada", "email": "ada@example.org", "password": GOOD})

    sent = mails()
    assert [mail.subject for mail in sent] == ["Choose a new password", "Verify your e-mail address"]
    for mail in sent:
        assert "evil" not in str(mail.message())
        assert "https://desk.example.org/" in mail.body


def test_the_pages_of_a_front_end_are_named_by_settings(customer: Any, committing: Any, settings: Any) -> None:
    settings.PUBLIC_URL, settings.PASSWORD_RESET_PATH = "https://desk.example.org/app/", "/#/reset/{token}"
    with committing():
        ask(customer.email)
    (mail,) = mails()
    assert "https://desk.example.org/app/#/reset/" in mail.body
    assert 'href="https://desk.example.org/app/#/reset/' in mail.alternatives[0].content


def test_the_token_is_nowhere_but_in_the_mail(customer: Any, committing: Any) -> None:
    with committing():
        ask(customer.email)
    assert not OneTimeToken.objects.exists()  # not made before it is sent
    (mail,) = mails()
    token = token_in(mail)

    from django.apps import apps

    everything = [list(model.objects.values()) for model in apps.get_models()]
    assert token not in str(everything)
