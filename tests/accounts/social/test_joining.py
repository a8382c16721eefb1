"""Whose account it is when an address is known: joined only where both sides have proved it, and nobody else is told."""

from typing import Any

import pytest
from django.utils import timezone

from helpdesk.accounts.enums import Purpose
from helpdesk.accounts.models import Session, SocialIdentity, User
from helpdesk.accounts.operations.email_addresses import verify_email
from helpdesk.accounts.operations.identities import link
from helpdesk.accounts.operations.one_time_tokens import mint_link
from helpdesk.accounts.operations.users import set_password
from helpdesk.accounts.tokens import InvalidToken
from helpdesk.events.models import EventRecord
from tests.accounts.social.doors import code_of, enter
from tests.people import NOON, UserFactory
from tests.servers.identity_provider import IdentityProvider


def of_ada(**more: Any) -> Any:
    return UserFactory(username="ada", email="ada@example.com", **more)


def told() -> list[str]:
    return list(EventRecord.objects.order_by("id").values_list("type", flat=True))


@pytest.mark.parametrize("address", ["ada@example.com", "ADA@Example.COM"])
def test_an_address_that_both_have_proved_joins_the_account(
    db: None, identity_provider: IdentityProvider, address: str
) -> None:
    ada = of_ada(email_verified=True)

    response = enter("google", id_token=identity_provider.id_token(email=address, name="Not Ada"))

    assert (response.status_code, response.json()["created"]) == (200, False)
    assert response.json()["user"]["id"] == ada.pk
    assert told() == ["identity_linked", "signed_in"]
    ada.refresh_from_db()
    assert (ada.username, ada.email, ada.name, ada.role) == ("ada", "ada@example.com", "Ada", "customer")
    # The next time the subject alone tells, whatever has become of the address.
    response = enter("google", id_token=identity_provider.id_token(email="elsewhere@example.com"))
    assert response.json()["user"]["id"] == ada.pk


@pytest.mark.parametrize("role", ["agent", "admin"])
def test_one_of_the_staff_is_linked_by_hand(
    identity_provider: IdentityProvider, db: None, nothing: Any, role: str
) -> None:
    """A provider proved the address once, and need not be the one who hosts it: too little for so many tickets."""
    of_ada(email_verified=True, role=role)
    before = nothing()

    assert code_of(enter("google", id_token=identity_provider.id_token())) == (409, "link_required")
    assert before.happened()


def test_where_nobody_registers_nobody_becomes_a_customer_by_a_provider_either(
    identity_provider: IdentityProvider, db: None, nothing: Any, settings: Any
) -> None:
    settings.REGISTRATION_OPEN = False
    before = nothing()
    assert code_of(enter("google", id_token=identity_provider.id_token())) == (403, "registration_closed")
    assert before.happened()

    ada = of_ada(email_verified=True)
    assert enter("google", id_token=identity_provider.id_token()).json()["user"]["id"] == ada.pk


def test_what_was_linked_before_the_address_was_proved_is_gone_once_it_is(
    identity_provider: IdentityProvider, db: None
) -> None:
    """Mallory registers with Ada's address and links her own account; then Ada follows the link in her mail."""
    mallory = of_ada(email_verified=False)
    mallory.identities.create(provider="google", subject="mallory", created_at=NOON)
    mark = mint_link(user=mallory, purpose=Purpose.VERIFY_EMAIL, now=timezone.now())

    verify_email(token=mark, now=timezone.now())

    assert not SocialIdentity.objects.exists()
    assert told() == ["email_verified", "identity_unlinked"]


def test_an_admins_new_password_closes_the_ways_in_by_providers(
    identity_provider: IdentityProvider, admin: Any
) -> None:
    ada = of_ada(email_verified=True)
    ada.identities.create(provider="google", subject="1", created_at=NOON)

    set_password(by=ada, user_id=ada.pk, password="a-long-enough-passphrase", now=timezone.now())
    assert ada.identities.exists()
    set_password(by=admin, user_id=ada.pk, password="another-long-passphrase", now=timezone.now())
    assert not ada.identities.exists()


def test_who_was_put_out_while_the_provider_was_asked_links_nothing(
    identity_provider: IdentityProvider, db: None
) -> None:
    ada = of_ada(email_verified=True)
    set_password(by=ada, user_id=ada.pk, password="a-long-enough-passphrase", now=timezone.now())

    proof = {"id_token": identity_provider.id_token()}
    with pytest.raises(InvalidToken):
        link(by=ada, provider="google", proof=proof, now=timezone.now())
    assert not SocialIdentity.objects.exists()


def test_an_address_that_is_not_proved_here_is_linked_by_hand(
    identity_provider: IdentityProvider, db: None, nothing: Any
) -> None:
    """Or whoever registered with a foreign address would share the account of its owner."""
    of_ada(email_verified=False)
    before = nothing()

    assert code_of(enter("google", id_token=identity_provider.id_token())) == (409, "link_required")
    assert before.happened()


def test_a_deployment_may_want_every_link_by_hand(
    identity_provider: IdentityProvider, db: None, nothing: Any, settings: Any
) -> None:
    settings.SOCIAL_LINK_BY_EMAIL = False
    of_ada(email_verified=True)
    before = nothing()

    assert code_of(enter("google", id_token=identity_provider.id_token())) == (409, "link_required")
    assert before.happened()


def test_an_address_that_changed_hands_at_the_provider_joins_nothing(
    db: None, identity_provider: IdentityProvider, nothing: Any
) -> None:
    """The account has an identity there already, and this is another."""
    of_ada(email_verified=True)
    assert enter("google", id_token=identity_provider.id_token(sub="1")).status_code == 200
    before = nothing()

    assert code_of(enter("google", id_token=identity_provider.id_token(sub="2"))) == (409, "link_required")
    assert before.happened()


@pytest.mark.parametrize("verified", [False, None, "true", 1, "false"])
@pytest.mark.parametrize("known", [True, False])
def test_an_address_that_the_provider_has_not_verified_tells_nothing(
    db: None, identity_provider: IdentityProvider, verified: Any, *, known: bool
) -> None:
    """Known or not: the same answer, a new account without an address."""
    if known:
        of_ada(email_verified=True)

    response = enter("google", id_token=identity_provider.id_token(email_verified=verified))

    assert (response.status_code, response.json()["created"]) == (201, True)
    assert response.json()["user"]["username"] == "ada.lovelace"
    new = User.objects.get(pk=response.json()["user"]["id"])
    assert (new.email, new.email_verified) == ("", False)


@pytest.mark.parametrize("known", [True, False])
def test_facebooks_addresses_prove_nothing(db: None, identity_provider: IdentityProvider, *, known: bool) -> None:
    if known:
        of_ada(email_verified=True)
    answers = [
        enter("facebook", access_token=identity_provider.access_token("1")),
        enter("facebook", id_token=identity_provider.id_token("facebook", sub="2")),
    ]
    assert [(answer.status_code, answer.json()["created"]) for answer in answers] == [(201, True)] * 2
    assert set(User.objects.exclude(username="ada").values_list("email", flat=True)) == {""}


@pytest.mark.parametrize(
    "address", ["", "no address", "a" * 300 + "@example.com", 7, None, ["ada@example.com"], "\u0000@x.io"]
)
def test_what_is_no_address_is_left_out(db: None, identity_provider: IdentityProvider, address: Any) -> None:
    UserFactory(username="without", email="")

    assert enter("google", id_token=identity_provider.id_token(email=address)).status_code == 201
    assert set(User.objects.values_list("email", flat=True)) == {""}


def test_an_inactive_account_is_not_entered(db: None, identity_provider: IdentityProvider) -> None:
    """Neither by its identity nor by its address; and that it was tried is history."""
    ada = of_ada(email_verified=True)
    assert enter("google", id_token=identity_provider.id_token()).status_code == 200
    User.objects.filter(pk=ada.pk).update(is_active=False)
    before = (User.objects.count(), SocialIdentity.objects.count(), Session.objects.count())

    by_identity = enter("google", id_token=identity_provider.id_token())
    by_address = enter("google", id_token=identity_provider.id_token(sub="another"))

    assert [code_of(answer) for answer in (by_identity, by_address)] == [(401, "no_active_account")] * 2
    assert (User.objects.count(), SocialIdentity.objects.count(), Session.objects.count()) == before
    assert told()[2:] == ["sign_in_refused"] * 2
