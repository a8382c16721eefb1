"""Mails about one's account: what they say, to whom, and that a link is made when one is sent."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from helpdesk.accounts.events import IdentityLinked, PasswordResetRequested, RegisteredAgain, UserInvited
from helpdesk.accounts.models import OneTimeToken, SocialIdentity, User
from helpdesk.accounts.operations import email_addresses, users
from helpdesk.events.models import EventRecord
from helpdesk.events.operations import publish
from helpdesk.notifications.enums import Template
from helpdesk.notifications.models import EmailLog
from helpdesk.notifications.operations import resend_emails
from tests.admin.forms import Browser, said
from tests.mailbox import mails, token_in
from tests.notifications.fates import DAY, fates, send
from tests.people import NOON, UserFactory
from tests.servers import Smtp

Committing = Callable[[], Any]

pytestmark = pytest.mark.django_db

GOOD = "a-long-enough-passphrase"
SUBJECTS = {
    "en": {
        Template.EMAIL_VERIFICATION: "Verify your e-mail address",
        Template.REGISTERED_AGAIN: "You have an account already",
        Template.PASSWORD_RESET: "Choose a new password",
        Template.INVITATION: "You are invited to the help desk",
        Template.PASSWORD_CHANGED: "Your password was changed",
        Template.EMAIL_CHANGED: "Your e-mail address was changed",
        Template.IDENTITY_LINKED: "Another way into your account",
    },
    "es": {
        Template.EMAIL_VERIFICATION: "Verifica tu dirección de correo",
        Template.REGISTERED_AGAIN: "Ya tienes una cuenta",
        Template.PASSWORD_RESET: "Elige una contraseña nueva",
        Template.INVITATION: "Te invitaron a la mesa de ayuda",
        Template.PASSWORD_CHANGED: "Tu contraseña cambió",
        Template.EMAIL_CHANGED: "Tu dirección de correo cambió",
        Template.IDENTITY_LINKED: "Otra forma de entrar en tu cuenta",
    },
}
NEWS = {
    "en": {
        Template.EMAIL_VERIFICATION: "Please show that this e-mail address is yours.",
        Template.REGISTERED_AGAIN: "Somebody wanted to register with your e-mail address.",
        Template.PASSWORD_RESET: "Somebody, probably you, asked for a new password for your account.",
        Template.INVITATION: "root invited you to the help desk. Your username is ada.",
        Template.PASSWORD_CHANGED: "The password of your account was changed.",
        Template.EMAIL_CHANGED: "The e-mail address of your account was changed.",
        Template.IDENTITY_LINKED: "From now on Google can sign you in to your account.",
    },
    "es": {
        Template.EMAIL_VERIFICATION: "Confirma que esta dirección de correo es tuya.",
        Template.REGISTERED_AGAIN: "Alguien quiso registrarse con tu dirección de correo.",
        Template.PASSWORD_RESET: "Alguien, probablemente tú, pidió una contraseña nueva para tu cuenta.",
        Template.INVITATION: "root te invitó a la mesa de ayuda. Tu nombre de usuario es ada.",
        Template.PASSWORD_CHANGED: "La contraseña de tu cuenta cambió.",
        Template.EMAIL_CHANGED: "La dirección de correo de tu cuenta cambió.",
        Template.IDENTITY_LINKED: "A partir de ahora Google puede hacerte entrar en tu cuenta.",
    },
}
LINKS = {
    Template.EMAIL_VERIFICATION: "https://desk.example.org/verify-email?token=",
    Template.PASSWORD_RESET: "https://desk.example.org/reset-password?token=",
    Template.INVITATION: "https://desk.example.org/accept-invitation?token=",
}


@pytest.fixture
def sent(committing: Committing, admin: Any, settings: Any) -> Callable[..., dict[str, Any]]:
    """Each mail about ada's account once, by its template."""
    settings.PUBLIC_URL = "https://desk.example.org"
    User.objects.filter(pk=admin.pk).update(username="root")
    admin.refresh_from_db()

    def tell(language: str = "en") -> dict[str, Any]:
        ada = UserFactory(username="ada", email="old@example.org", language=language, password=None)
        with committing():
            for event in (RegisteredAgain, PasswordResetRequested, UserInvited):
                publish(event(user=ada.as_dict()), by=admin, now=NOON)
            SocialIdentity.objects.create(user=ada, provider="google", subject="1", created_at=NOON)
            users.update_user(by=admin, user_id=ada.pk, changes={"email": "ada@example.org"}, now=NOON)
            publish(IdentityLinked(user=ada.as_dict(), provider="google"), by=ada, now=NOON)
        messages = mails()
        with committing():
            users.set_password(by=admin, user_id=ada.pk, password=GOOD, now=NOON)
        messages += mails()
        by_id = {message.extra_headers["Message-ID"]: message for message in messages}
        return {email.template: by_id[email.message_id] for email in EmailLog.objects.all()}

    return tell


def html_of(message: Any) -> str:
    [alternative] = message.alternatives
    return str(alternative.content)


@pytest.mark.parametrize("language", ["en", "es"])
def test_each_mail_speaks_the_language_of_its_recipient(sent: Any, language: str) -> None:
    messages = sent(language)

    # No `[Ticket #7]`: there is none.
    assert {template: message.subject for template, message in messages.items()} == SUBJECTS[language]
    for template, message in messages.items():
        assert message.to == ["old@example.org" if template == Template.EMAIL_CHANGED else "ada@example.org"]
        for part in (message.body, html_of(message)):
            assert NEWS[language][Template(template)] in part
        assert f'<html lang="{language}">' in html_of(message)


def test_text_and_html_hold_the_same_link_or_none(sent: Any) -> None:
    for template, message in sent().items():
        if template in LINKS:
            link = LINKS[Template(template)] + token_in(message)
            assert f": {link}\n" in message.body
            assert f'<a href="{link}" rel="noopener noreferrer">' in html_of(message)
            assert html_of(message).count("href") == 1
        else:
            assert "http" not in message.body + html_of(message)


def test_the_headers_keep_machines_from_answering_and_name_no_ticket(sent: Any) -> None:
    for message in sent().values():
        headers = message.message()
        assert headers["Auto-Submitted"] == "auto-generated"
        assert (headers["References"], headers["X-Helpdesk-Ticket"]) == (None, None)
        assert headers["X-Helpdesk-Event"]


def test_what_somebody_may_have_made_up_is_in_no_mail_to_an_address_that_is_not_proved(
    committing: Committing, db: None
) -> None:
    """Or the desk would send advertisements: whoever registers chooses the name, and the address."""
    from helpdesk.accounts.operations.password_links import request_reset
    from helpdesk.accounts.operations.registration import register

    with committing():
        register(
            username="www.evil.example", name="Win! https://evil.example", email="a@b.example", password=GOOD, now=NOON
        )
        register(username="evil2.example", name="evil.example", email="a@b.example", password=GOOD, now=NOON)
        request_reset(email="a@b.example", now=NOON)
    sent = mails()
    assert len(sent) == 3
    for message in sent:
        assert "evil" not in str(message.message())


# --- the token -------------------------------------------------------------------------------------------------------


def test_a_mail_that_is_sent_again_brings_a_fresh_link(committing: Committing, customer: Any) -> None:
    with committing():
        publish(PasswordResetRequested(user=customer.as_dict()), by=None, now=NOON)
    assert not OneTimeToken.objects.exists()
    (first,) = mails()
    assert resend_emails(by=None, ids=[EmailLog.objects.get().pk], now=timezone.now()) == 1
    (second,) = mails()

    assert token_in(first) != token_in(second)
    assert OneTimeToken.objects.count() == 2
    assert set(OneTimeToken.objects.values_list("email", flat=True)) == {customer.email}


def test_a_mail_that_was_late_has_a_link_that_is_young(committing: Committing, customer: Any) -> None:
    """The mail server was away for two hours; the link is good for one."""
    with committing():
        publish(PasswordResetRequested(user=customer.as_dict()), by=None, now=timezone.now() - timedelta(hours=2))
    mails()
    assert OneTimeToken.objects.get().expires_at > timezone.now() + timedelta(minutes=59)


# --- last looks ------------------------------------------------------------------------------------------------------


def test_a_mail_that_has_become_useless_is_not_sent(committing: Committing) -> None:
    people = [UserFactory(username=name, password=None) for name in ("proved", "has", "gone", "moved")]
    proved, has, gone, moved = people
    with committing():
        email_addresses.request_verification(by=proved, now=NOON)
        for user in (has, gone, moved):
            publish(UserInvited(user=user.as_dict()), by=None, now=NOON)
    User.objects.filter(pk=proved.pk).update(email_verified=True)
    User.objects.filter(pk=has.pk).update(password="md5$x$y")
    User.objects.filter(pk=gone.pk).update(is_active=False)
    User.objects.filter(pk=moved.pk).update(email="")

    assert (send(), send(DAY)) == (0, 0)

    assert fates() == {
        "proved": ["failed", 1, "The address is verified already."],
        "has": ["failed", 1, "The recipient has a password already."],
        "gone": ["failed", 1, "The recipient is inactive."],
        "moved": ["failed", 1, "The recipient has no address."],
    }
    assert not OneTimeToken.objects.exists()


def test_nobody_is_mailed_about_somebody_elses_account(committing: Committing, customer: Any, stranger: Any) -> None:
    with committing():
        publish(PasswordResetRequested(user=customer.as_dict()), by=None, now=NOON)
    EmailLog.objects.update(recipient=stranger)

    assert send() == 0

    assert fates() == {"stranger": ["failed", 1, "It is about somebody else's account."]}


@pytest.mark.parametrize("changes", [{"name": "New"}, {"role": "agent"}, {"language": "es"}, {"is_active": False}])
def test_other_changes_of_an_account_are_mailed_to_nobody(
    committing: Committing, admin: Any, customer: Any, changes: dict[str, Any]
) -> None:
    with committing():
        users.update_user(by=admin, user_id=customer.pk, changes=changes, now=NOON)
    assert not EmailLog.objects.exists()


def test_the_old_address_is_told_also_if_there_is_no_new_one(committing: Committing, admin: Any, customer: Any) -> None:
    old = customer.email
    with committing():
        users.update_user(by=admin, user_id=customer.pk, changes={"email": ""}, now=NOON)
    assert [(mail.to, mail.subject) for mail in mails()] == [([old], "Your e-mail address was changed")]
    assert list(EventRecord.objects.values_list("type", flat=True)) == ["user_updated"]


def test_a_first_address_has_no_old_one_to_be_told(committing: Committing, admin: Any) -> None:
    user = UserFactory(email="")
    with committing():
        users.update_user(by=admin, user_id=user.pk, changes={"email": "new@example.org"}, now=NOON)
    assert [(mail.to, mail.subject) for mail in mails()] == [(["new@example.org"], "Verify your e-mail address")]


# --- the admin's log -------------------------------------------------------------------------------------------------


def test_the_log_shows_them_and_sends_one_again(
    browser_as: Browser, committing: Committing, admin: Any, customer: Any
) -> None:
    with committing():
        publish(PasswordResetRequested(user=customer.as_dict()), by=None, now=NOON)
    (first,) = mails()
    email = EmailLog.objects.get()
    browser = browser_as(admin)

    for path in ("", f"?q={customer.username}", "?template=password_reset", f"{email.pk}/change/"):
        page = said(browser.get(f"/admin/notifications/emaillog/{path}"))
        assert "Choose a new password" in page, path
        assert token_in(first) not in page
    assert "Choose a new password" not in said(browser.get("/admin/notifications/emaillog/?q=%237"))
    event = said(browser.get(f"/admin/events/eventrecord/{email.event_id}/change/"))
    assert f"user:{customer.pk}" in event

    chosen = {"_selected_action": [email.pk], "action": "resend"}
    assert "1 e-mail will be sent again" in said(browser.post("/admin/notifications/emaillog/", chosen, follow=True))
    (second,) = mails()
    assert token_in(second) != token_in(first)


def test_a_link_travels_over_smtp_unharmed(post_office: Smtp) -> None:
    user = UserFactory(email="ada@example.org", language="es")
    email_addresses.request_verification(by=user, now=NOON)

    assert send() == 1

    (mail,) = post_office.mails
    token = mail.text.partition("?token=")[2].split()[0]
    assert f"?token={token}" in mail.html
    email_addresses.verify_email(token=token, now=timezone.now())
    assert User.objects.get().email_verified
