"""`/api/auth/email/verify/`: an address is proved by who reads what was sent there."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from helpdesk.accounts.enums import Purpose
from helpdesk.accounts.models import OneTimeToken, User
from helpdesk.accounts.operations import users
from helpdesk.accounts.operations.email_addresses import AskedTooOften, request_verification
from helpdesk.accounts.operations.one_time_tokens import MOST_UNUSED, mint_link
from helpdesk.events.models import EventRecord
from tests.mailbox import mails, token_in
from tests.people import NOON, UserFactory

Api = Callable[[Any], Any]


def verify(token: Any) -> Any:
    return APIClient().post("/api/auth/email/verify/", {"token": token})


def link(user: Any, purpose: Purpose = Purpose.VERIFY_EMAIL, *, age: timedelta = timedelta()) -> str:
    return mint_link(user=user, purpose=purpose, now=timezone.now() - age)


def verified(user: Any) -> bool:
    return User.objects.get(pk=user.pk).email_verified


def test_the_link_proves_the_address_once(customer: Any) -> None:
    token = link(customer)

    assert [verify(token).status_code for _ in range(2)] == [204, 400]

    assert verified(customer)
    record = EventRecord.objects.get()
    assert (record.type, record.actor_id, record.subject_id) == ("email_verified", customer.pk, customer.pk)


def test_a_second_mail_proves_nothing_new_and_is_no_error(customer: Any) -> None:
    first, second = link(customer), link(customer)
    assert [verify(token).status_code for token in (second, first)] == [204, 204]
    assert EventRecord.objects.count() == 1


def test_a_link_proves_only_the_address_that_it_was_sent_to(customer: Any, admin: Any, committing: Any) -> None:
    token = link(customer)
    with committing():
        users.update_user(by=admin, user_id=customer.pk, changes={"email": "other@example.org"}, now=timezone.now())
    asked, told = sorted(mails(), key=lambda mail: mail.to != ["other@example.org"])

    assert verify(token).json()["code"] == "link_not_valid"
    assert not verified(customer)
    assert (told.to, told.subject) == ([customer.email], "Your e-mail address was changed")
    assert (asked.to, asked.subject) == (["other@example.org"], "Verify your e-mail address")
    assert verify(token_in(asked)).status_code == 204
    assert verified(customer)


@pytest.mark.parametrize("purpose", [Purpose.RESET_PASSWORD, Purpose.INVITATION, Purpose.SOCKET])
def test_another_kind_of_token_opens_nothing_here(customer: Any, purpose: Purpose) -> None:
    token = link(customer, purpose)
    assert verify(token).json()["code"] == "link_not_valid"
    assert OneTimeToken.objects.get().used_at is None


def test_unknown_old_and_the_inactives_links_are_refused_alike(customer: Any) -> None:
    gone = UserFactory()
    theirs = link(gone)
    User.objects.filter(pk=gone.pk).update(is_active=False)
    answers = [
        verify(token) for token in ("x", theirs, link(customer, age=timedelta(days=7, seconds=1)), "🔥", "é" * 43)
    ]
    bodies = {a.content.replace(a.json()["request_id"].encode(), b"") for a in answers}
    assert len(bodies) == 1
    assert [(e["field"], e["code"]) for e in answers[0].json()["errors"]] == [("token", "link_not_valid")]
    assert not User.objects.filter(email_verified=True).exists()


def test_it_is_good_for_seven_days(customer: Any) -> None:
    assert verify(link(customer, age=timedelta(days=7, seconds=-5))).status_code == 204


# --- once more -------------------------------------------------------------------------------------------------------


def resend(client: Any) -> Any:
    return client.post("/api/auth/email/verify/resend/")


def test_the_mail_can_be_asked_for_again_five_times_an_hour(api_as: Api, customer: Any, committing: Any) -> None:
    client = api_as(customer)
    with committing():
        answers = [resend(client) for _ in range(6)]

    assert [answer.status_code for answer in answers] == [202] * 5 + [429]
    assert answers[-1].json()["code"] == "throttled"
    assert 3_500 < int(answers[-1].headers["Retry-After"]) <= 3_600
    sent = mails()
    assert [mail.to for mail in sent] == [[customer.email]] * 5
    assert verify(token_in(sent[0])).status_code == 204


def test_an_hour_later_one_may_ask_again(customer: Any) -> None:
    for minutes in range(5):
        request_verification(by=customer, now=NOON + timedelta(minutes=minutes))
    with pytest.raises(AskedTooOften) as refused:
        request_verification(by=customer, now=NOON + timedelta(minutes=30))
    assert refused.value.pause == timedelta(minutes=30)
    request_verification(by=customer, now=NOON + timedelta(minutes=60))


@pytest.mark.parametrize("fields", [{"email_verified": True}, {"email": ""}])
def test_where_nothing_waits_there_is_nothing_to_ask_for(api_as: Api, db: None, fields: dict[str, Any]) -> None:
    response = resend(api_as(UserFactory(**fields)))
    assert (response.status_code, response.json()["code"]) == (409, "nothing_to_verify")
    assert not EventRecord.objects.exists()


def test_nobody_asks_for_somebody_else(api_as: Api, customer: Any, stranger: Any, committing: Any) -> None:
    with committing():
        body = {"email": customer.email, "user": customer.pk, "id": customer.pk}
        assert api_as(stranger).post("/api/auth/email/verify/resend/", body).status_code == 202
    assert [mail.to for mail in mails()] == [[stranger.email]]


def test_a_mail_that_is_tried_again_and_again_leaves_few_tokens(customer: Any) -> None:
    tokens = [link(customer) for _ in range(MOST_UNUSED + 3)]
    assert OneTimeToken.objects.count() == MOST_UNUSED
    assert verify(tokens[2]).status_code == 400
    assert verify(tokens[3]).status_code == 204
