"""A mail, a sender or an address that the server refuses."""

from datetime import timedelta
from typing import Any

import pytest

from helpdesk.notifications.models import EmailLog
from tests.notifications.fates import DAY, fates, send
from tests.servers import Smtp


@pytest.mark.parametrize("answer", ["421 busy", "451 later", "450 greylisted"])
@pytest.mark.parametrize("at", ["RCPT", "DATA"])
def test_a_refusal_for_now_is_tried_again_and_holds_up_nobody(owed: Smtp, answer: str, at: str) -> None:
    owed.refuse(answer, at=at, to="ann@example.com", times=1)

    assert send() == 2
    assert fates() == {"ada": ["sent", 1, ""], "ann": ["pending", 1, answer], "bob": ["sent", 1, ""]}

    assert send(timedelta(seconds=4)) == 0
    assert send(timedelta(minutes=1)) == 1
    assert fates()["ann"] == ["sent", 2, ""]
    assert len(owed.mails) == 3


@pytest.mark.parametrize("at", ["RCPT", "DATA"])
def test_a_refusal_for_good_is_not_tried_again_and_holds_up_nobody(owed: Smtp, at: str) -> None:
    owed.refuse("550 No such user", at=at, to="ann@example.com")

    assert send() == 2
    assert fates() == {"ada": ["sent", 1, ""], "ann": ["failed", 1, "550 No such user"], "bob": ["sent", 1, ""]}
    assert send(DAY) == 0


@pytest.mark.parametrize("answer", ["550 Sender denied", "530 Authentication required", "451 later"])
def test_a_sender_that_the_server_does_not_accept_is_no_mails_fault(owed: Smtp, answer: str) -> None:
    owed.refuse(answer, at="MAIL")

    assert send() == 0
    assert sorted(fates().values()) == [["pending", 0, ""], ["pending", 0, ""], ["pending", 1, answer]]

    owed.accept()
    assert send(timedelta(minutes=1)) == 3


def test_a_missing_sign_in_is_no_mails_fault_wherever_the_server_says_so(owed: Smtp) -> None:
    owed.refuse("530 Authentication required", at="RCPT", times=1)

    assert send() == 0
    assert sorted(attempts for _state, attempts, _error in fates().values()) == [0, 0, 1]
    assert send(timedelta(minutes=1)) == 3


def test_a_wrong_password_is_no_mails_fault(owed: Smtp, settings: Any) -> None:
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "helpdesk", "wrong"

    assert send() == 0
    [*_untried, [state, attempts, error]] = sorted(fates().values())
    assert (state, attempts, error[:4]) == ("pending", 1, "535 ")

    settings.EMAIL_HOST_PASSWORD = owed.password
    assert send(timedelta(minutes=1)) == 3


def test_an_answer_that_postgresql_cannot_store_is_kept_without_its_nul(owed: Smtp) -> None:
    owed.refuse("451 try\0 later", to="ann@example.com", times=1)

    assert send() == 2
    assert fates()["ann"] == ["pending", 1, "451 try later"]
    assert send(timedelta(minutes=1)) == 1


def test_an_answer_that_repeats_a_secret_is_kept_without_it(owed: Smtp) -> None:
    owed.refuse("451 token=abcdef not known", to="ann@example.com", times=1)

    assert send() == 2
    assert fates()["ann"] == ["pending", 1, "451 token=[redacted] not known"]
    assert send(timedelta(minutes=1)) == 1


@pytest.mark.parametrize("address", ["ann@", "ann@exa\nmple.com", "@"])
def test_an_address_that_cannot_be_one_fails_at_once(owed: Smtp, address: str) -> None:
    from helpdesk.accounts.models import User

    User.objects.filter(username="ann").update(email=address)

    assert send() == 2

    assert fates()["ann"][:2] == ["failed", 1]
    assert len(owed.mails) == 2


def test_a_mistake_of_ours_is_kept_and_holds_up_nobody(owed: Smtp) -> None:
    EmailLog.objects.filter(recipient__username="ann").update(template="no_such_template")

    assert send() == 2

    [state, attempts, error] = fates()["ann"]
    assert (state, attempts) == ("pending", 1)
    assert "no_such_template" in error
