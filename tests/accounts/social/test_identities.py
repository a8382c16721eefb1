"""Linking, unlinking and listing: one's own identities, and nobody else's."""

from collections.abc import Callable
from typing import Any

import pytest

from helpdesk.accounts.models import SocialIdentity, User
from helpdesk.accounts.operations.identities import unlink_all
from helpdesk.events.models import EventRecord
from tests.accounts.social.doors import VERIFIER, by_code, code_of, enter
from tests.people import NOON, UserFactory
from tests.servers.identity_provider import IdentityProvider

Api = Callable[[Any], Any]


def told(user: Any) -> list[str]:
    return list(EventRecord.objects.filter(subject_id=user.pk).order_by("id").values_list("type", flat=True))


def linked(user: Any, provider: str = "google", subject: str = "1") -> SocialIdentity:
    return SocialIdentity.objects.create(user=user, provider=provider, subject=subject, created_at=NOON)


@pytest.fixture
def passwordless(db: None) -> Any:
    user = UserFactory(username="passwordless")
    user.set_unusable_password()
    user.save()
    return user


@pytest.mark.parametrize("role", ["customer", "agent", "admin"])
def test_who_is_signed_in_links_and_then_comes_in_by_it(
    api_as: Api, request: pytest.FixtureRequest, identity_provider: IdentityProvider, role: str
) -> None:
    """Whatever the addresses say."""
    user = request.getfixturevalue(role)
    bodies = [
        ("google", {"id_token": identity_provider.id_token()}),
        ("facebook", {"access_token": identity_provider.access_token("4242")}),
    ]
    for provider, body in bodies:
        client = api_as(user)
        first, again = (client.post(f"/api/auth/{provider}/link/", body) for _ in range(2))
        assert (first.status_code, again.status_code) == (201, 200)
        assert first.json() == again.json()
        assert (set(first.json()), first.json()["provider"]) == ({"provider", "created_at"}, provider)
        assert enter(provider, **body).json()["user"]["id"] == user.pk
    assert told(user) == ["identity_linked", "signed_in"] * 2


def test_a_code_links_as_well(api_as: Api, customer: Any, identity_provider: IdentityProvider) -> None:
    body = by_code(identity_provider.code(VERIFIER))
    assert api_as(customer).post("/api/auth/google/link/", body).status_code == 201


def test_the_own_list_has_the_own_ones(api_as: Api, customer: Any, stranger: Any, admin: Any) -> None:
    linked(customer, "google"), linked(customer, "facebook"), linked(admin, "google", "2")

    page = api_as(customer).get("/api/auth/identities/").json()

    assert page == {
        "count": 2,
        "next": None,
        "previous": None,
        "results": [{"provider": name, "created_at": "2026-11-20T12:00:00Z"} for name in ("google", "facebook")],
    }
    assert api_as(stranger).get("/api/auth/identities/").json()["results"] == []


def test_a_bad_proof_links_nothing(
    api_as: Api, customer: Any, identity_provider: IdentityProvider, nothing: Any
) -> None:
    client = api_as(customer)
    before = nothing()
    bad = [
        ("google", {"id_token": identity_provider.id_token(aud="somebody.else")}),
        ("google", by_code("nobody")),
        ("facebook", {"access_token": identity_provider.access_token(app_id="999")}),
    ]
    for provider, body in bad:
        answer = client.post(f"/api/auth/{provider}/link/", body)
        assert code_of(answer) == (401, "social_token_not_valid")
    assert before.happened()


def test_a_strangers_identity_stays_theirs(
    api_as: Api, customer: Any, stranger: Any, identity_provider: IdentityProvider, nothing: Any
) -> None:
    token = identity_provider.id_token()
    assert api_as(customer).post("/api/auth/google/link/", {"id_token": token}).status_code == 201
    thief = api_as(stranger)
    before = nothing()

    assert code_of(thief.post("/api/auth/google/link/", {"id_token": token})) == (409, "identity_taken")
    assert code_of(thief.delete("/api/auth/identities/google/")) == (404, "not_found")
    assert thief.get("/api/auth/identities/").json()["count"] == 0
    assert before.happened()
    assert SocialIdentity.objects.get().user == customer


def test_what_is_anothers_is_answered_as_what_is_not_there(api_as: Api, customer: Any, stranger: Any) -> None:
    linked(customer)
    foreign = api_as(stranger).delete("/api/auth/identities/google/")
    missing = api_as(stranger).delete("/api/auth/identities/facebook/")
    unknown = api_as(stranger).delete("/api/auth/identities/%00%F0/")
    bodies = {
        answer.content.replace(answer.json()["request_id"].encode(), b"") for answer in (foreign, missing, unknown)
    }
    assert len(bodies) == 1
    assert SocialIdentity.objects.count() == 1


def test_one_identity_a_provider(api_as: Api, customer: Any, identity_provider: IdentityProvider, nothing: Any) -> None:
    client = api_as(customer)
    assert client.post("/api/auth/google/link/", {"id_token": identity_provider.id_token(sub="1")}).status_code == 201
    before = nothing()

    second = client.post("/api/auth/google/link/", {"id_token": identity_provider.id_token(sub="2")})

    assert code_of(second) == (409, "already_linked")
    assert before.happened()


@pytest.mark.parametrize(
    ("theirs", "verified"),
    [("ada@example.com", True), ("ADA@EXAMPLE.COM", True), ("other@example.com", False)],
)
def test_owning_the_accounts_address_there_proves_it_here(
    api_as: Api, db: None, identity_provider: IdentityProvider, theirs: str, *, verified: bool
) -> None:
    ada = UserFactory(username="ada", email="ada@example.com")

    api_as(ada).post("/api/auth/google/link/", {"id_token": identity_provider.id_token(email=theirs)})

    ada.refresh_from_db()
    assert (ada.email, ada.email_verified) == ("ada@example.com", verified)
    assert told(ada) == ["identity_linked", *(["email_verified"] if verified else [])]


def test_an_unlinked_identity_opens_nothing_of_the_account(
    api_as: Api, db: None, identity_provider: IdentityProvider
) -> None:
    user = UserFactory(email="")
    client = api_as(user)
    client.post("/api/auth/google/link/", {"id_token": identity_provider.id_token()})

    assert client.delete("/api/auth/identities/google/").status_code == 204
    assert client.delete("/api/auth/identities/google/").status_code == 404

    assert told(user) == ["identity_linked", "identity_unlinked"]
    assert enter("google", id_token=identity_provider.id_token()).json()["user"]["id"] != user.pk


def test_the_only_way_in_stays(
    api_as: Api, passwordless: Any, identity_provider: IdentityProvider, nothing: Any
) -> None:
    linked(passwordless, "google")
    client = api_as(passwordless)
    before = nothing()
    assert code_of(client.delete("/api/auth/identities/google/")) == (409, "only_way_in")
    assert before.happened()

    linked(passwordless, "facebook")
    assert client.delete("/api/auth/identities/google/").status_code == 204
    assert code_of(client.delete("/api/auth/identities/facebook/")) == (409, "only_way_in")


def test_a_provider_that_is_off_is_no_way_in(
    api_as: Api, passwordless: Any, identity_provider: IdentityProvider, settings: Any
) -> None:
    linked(passwordless, "google"), linked(passwordless, "facebook")
    off = {**settings.SOCIAL_PROVIDERS["facebook"], "client_ids": []}
    settings.SOCIAL_PROVIDERS = {**settings.SOCIAL_PROVIDERS, "facebook": off}
    client = api_as(passwordless)

    assert code_of(client.delete("/api/auth/identities/google/")) == (409, "only_way_in")
    # What does not work any more can still be forgotten.
    assert client.delete("/api/auth/identities/facebook/").status_code == 204


def test_all_of_them_can_be_dropped_at_once(db: None, customer: Any, stranger: Any) -> None:
    from django.db import transaction

    linked(customer, "google"), linked(customer, "facebook"), linked(stranger, "google", "2")

    with transaction.atomic():
        unlink_all(user=customer, now=NOON)

    assert SocialIdentity.objects.get().user == stranger
    assert told(customer) == ["identity_unlinked"] * 2


def test_the_history_shows_it_to_its_owner_and_to_admins(
    api_as: Api,
    customer: Any,
    stranger: Any,
    admin: Any,
    agent: Any,
    committing: Any,
    identity_provider: IdentityProvider,
) -> None:
    with committing():
        api_as(customer).post("/api/auth/google/link/", {"id_token": identity_provider.id_token()})
        api_as(customer).delete("/api/auth/identities/google/")

    from helpdesk.events.cursors import Cursor

    start = Cursor(position=0, at=NOON)
    seen = {
        user.username: [
            event["type"]
            for event in api_as(user).get(f"/api/events/?after={start}").json()["results"]
            if "identity" in event["type"]
        ]
        for user in (customer, stranger, agent, admin)
    }
    both = ["identity_linked", "identity_unlinked"]
    assert seen == {customer.username: both, stranger.username: [], agent.username: [], admin.username: both}


def test_nobody_is_made_by_linking(api_as: Api, customer: Any, identity_provider: IdentityProvider) -> None:
    api_as(customer).post("/api/auth/google/link/", {"id_token": identity_provider.id_token()})
    assert User.objects.count() == 1
