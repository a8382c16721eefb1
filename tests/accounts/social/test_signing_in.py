"""In by a provider's word: by an ID token, by a code, by Facebook's access token."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from helpdesk.accounts.models import Session, SocialIdentity, User
from helpdesk.events.models import EventRecord
from tests.accounts.social.doors import VERIFIER, by_code, enter, me
from tests.people import UserFactory
from tests.servers.identity_provider import APP, PHONE, WEB, IdentityProvider


def proofs(provider: IdentityProvider) -> dict[str, tuple[str, dict[str, Any]]]:
    """Every way in, for one and the same person there."""
    return {
        "google, an ID token": ("google", {"id_token": provider.id_token()}),
        "google, a code": ("google", by_code(provider.code(VERIFIER))),
        "facebook, an ID token": ("facebook", {"id_token": provider.id_token("facebook", sub="4242")}),
        "facebook, a code": ("facebook", by_code(provider.code(VERIFIER, "facebook", sub="4242"))),
        "facebook, an access token": ("facebook", {"access_token": provider.access_token("4242")}),
    }


WAYS = [
    "google, an ID token",
    "google, a code",
    "facebook, an ID token",
    "facebook, a code",
    "facebook, an access token",
]


@pytest.mark.parametrize("way", WAYS)
def test_the_first_time_makes_a_customer_and_the_next_finds_it(
    db: None, identity_provider: IdentityProvider, way: str
) -> None:
    provider, body = proofs(identity_provider)[way]
    first = enter(provider, **body)
    provider, body = proofs(identity_provider)[way]
    second = enter(provider, **body)

    user = User.objects.get()
    shown = {"id": user.pk, "username": "ada.lovelace", "name": "Ada Lovelace", "role": "customer"}
    assert (first.status_code, first.json()["created"], first.json()["user"]) == (201, True, shown)
    assert (second.status_code, second.json()["created"], second.json()["user"]) == (200, False, shown)
    assert set(first.json()) == {"access", "refresh", "user", "created"}
    assert me(second.json()["access"])["id"] == user.pk
    assert not user.has_usable_password()
    assert set(Session.objects.values_list("method", flat=True)) == {provider}
    # Only Google says that it has verified an address.
    known = ("ada@example.com", True) if provider == "google" else ("", False)
    assert (user.email, user.email_verified) == known
    told = list(EventRecord.objects.order_by("id").values_list("type", "subject_id"))
    assert told == [(kind, user.pk) for kind in ("user_created", "identity_linked", "signed_in", "signed_in")]
    assert EventRecord.objects.order_by("id").last().body["method"] == provider


def test_every_way_of_one_provider_leads_to_the_same_account(db: None, identity_provider: IdentityProvider) -> None:
    for provider, body in proofs(identity_provider).values():
        assert enter(provider, **body).status_code in {200, 201}

    assert set(SocialIdentity.objects.values_list("provider", "subject")) == {
        ("google", "10769150350006150715113082367"),
        ("facebook", "4242"),
    }


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "accounts.google.com"},
        {"aud": PHONE},
        {"aud": [WEB]},
        {"aud": [WEB, PHONE], "azp": PHONE},
        # An Android app's: its own id is not ours to know.
        {"aud": WEB, "azp": "android.apps.example"},
    ],
    ids=str,
)
def test_what_google_may_say_is_believed(db: None, identity_provider: IdentityProvider, change: Any) -> None:
    assert enter("google", id_token=identity_provider.id_token(**change)).status_code == 201


def test_a_nonce_is_compared_where_there_is_one(db: None, identity_provider: IdentityProvider, settings: Any) -> None:
    token = identity_provider.id_token(nonce="n-1")
    assert enter("google", id_token=token, nonce="n-1").status_code == 201
    assert enter("google", id_token=token).status_code == 401
    assert enter("google", **by_code(identity_provider.code(VERIFIER, nonce="n-1"))).status_code == 200
    assert enter("google", **by_code(identity_provider.code(VERIFIER, nonce="n-1"), nonce="n-1")).status_code == 200
    assert enter("google", **by_code(identity_provider.code(VERIFIER, nonce="n-1"), nonce="n-2")).status_code == 401

    settings.SOCIAL_NONCE = "always"
    assert enter("google", id_token=identity_provider.id_token()).status_code == 401
    assert enter("google", id_token=token, nonce="n-1").status_code == 200


def test_facebook_may_answer_a_code_with_an_access_token_alone(db: None, identity_provider: IdentityProvider) -> None:
    code = identity_provider.code(VERIFIER, "facebook")
    identity_provider.codes[code].answer = {"access_token": identity_provider.access_token("77")}

    assert enter("facebook", **by_code(code)).status_code == 201
    assert SocialIdentity.objects.get().subject == "77"


@pytest.mark.parametrize(
    ("name", "username"),
    [
        ("Ada Lovelace", "ada.lovelace"),
        ("  José  Ñandú ", "jose.nandu"),
        ("李明", "customer"),
        ("<script>", "script"),
        ("ada@example.com", "ada.example.com"),
        ("a" * 500, "a" * 40),
        (None, "customer"),
        ({"first": "Ada"}, "customer"),
        ("A\u0000\ud800\u202eda", "ada"),
    ],
)
def test_a_username_is_made_of_the_name(
    db: None, identity_provider: IdentityProvider, name: Any, username: str
) -> None:
    response = enter("google", id_token=identity_provider.id_token(name=name))

    assert (response.status_code, response.json()["user"]["username"]) == (201, username)


def test_a_username_that_is_taken_is_left_to_its_owner(db: None, identity_provider: IdentityProvider) -> None:
    UserFactory(username="Ada.Lovelace", email="")

    username = enter("google", id_token=identity_provider.id_token()).json()["user"]["username"]

    assert username.startswith("ada.lovelace-")


def test_a_new_customer_speaks_the_language_of_the_request(db: None, identity_provider: IdentityProvider) -> None:
    from rest_framework.test import APIClient

    APIClient().post(
        "/api/auth/google/", {"id_token": identity_provider.id_token()}, HTTP_ACCEPT_LANGUAGE="es-PE,es;q=0.9"
    )
    assert User.objects.get().language == "es"


def all_at_once(bodies: list[tuple[str, str]]) -> list[tuple[int, int]]:
    """What each gets: its status, and who it is signed in as."""
    together = Barrier(len(bodies))

    def come(body: tuple[str, str]) -> tuple[int, int]:
        together.wait()
        try:
            response = enter(body[0], id_token=body[1])
            return response.status_code, response.json()["user"]["id"]
        finally:
            connection.close()

    with ThreadPoolExecutor(len(bodies)) as threads:
        return sorted(threads.map(come, bodies))


@pytest.mark.parametrize("verified", [True, False], ids=["with an address", "without"])
def test_twenty_at_once_make_one_account(
    transactional_db: None, identity_provider: IdentityProvider, *, verified: bool
) -> None:
    answers = all_at_once([("google", identity_provider.id_token(email_verified=verified))] * 20)

    user = User.objects.get()
    assert answers == [(200, user.pk)] * 19 + [(201, user.pk)]
    assert (SocialIdentity.objects.count(), Session.objects.count()) == (1, 20)
    assert EventRecord.objects.filter(type="user_created").count() == 1


def test_twenty_at_once_join_one_account(transactional_db: None, identity_provider: IdentityProvider) -> None:
    ada = UserFactory(email="ada@example.com", email_verified=True)
    # Somebody else's, so that the keys are known, and all come to the database together.
    enter("google", id_token=identity_provider.id_token(sub="7", email="else@example.com"))

    answers = all_at_once([("google", identity_provider.id_token())] * 20)

    assert answers == [(200, ada.pk)] * 20
    assert ada.identities.count() == 1


def test_two_providers_at_once_with_one_address_make_one_account(
    transactional_db: None, identity_provider: IdentityProvider
) -> None:
    bodies = [
        ("google", identity_provider.id_token()),
        ("facebook", identity_provider.id_token("facebook", email_verified=True)),
    ] * 4

    answers = all_at_once(bodies)

    assert [status for status, _user in answers] == [200] * 7 + [201]
    assert User.objects.get().identities.count() == 2


def test_a_provider_is_never_asked_inside_a_transaction(
    transactional_db: None, identity_provider: IdentityProvider, django_db_blocker: Any
) -> None:
    """Nor is a connection kept meanwhile: the database shows what each of them does."""
    import psycopg

    here = connection.settings_dict
    given = {
        key: here[name] for key, name in (("host", "HOST"), ("user", "USER"), ("password", "PASSWORD")) if here[name]
    }
    open_ones: list[int] = []

    def look() -> None:
        port = {"port": here["PORT"]} if here["PORT"] else {}
        with psycopg.connect(dbname=here["NAME"], **given, **port) as own:
            query = (
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid() AND state LIKE 'idle in transaction%'"
            )
            open_ones.append(own.execute(query).fetchone()[0])

    identity_provider.before_answer = look
    for provider, body in proofs(identity_provider).values():
        assert enter(provider, **body).status_code in {200, 201}

    assert len(open_ones) >= 5
    assert set(open_ones) == {0}


def test_a_provider_without_client_ids_is_no_route(db: None, settings: Any, api_as: Any, customer: Any) -> None:
    """As the suite's settings have it: so no request of it can leave this machine."""
    for name in ("google", "facebook"):
        for body in ({}, {"id_token": "x"}, "not even JSON"):
            assert enter(name, **body).status_code == 404 if isinstance(body, dict) else True
        assert api_as(customer).post(f"/api/auth/{name}/link/", {"id_token": "x"}).status_code == 404
    assert APP not in str(settings.SOCIAL_PROVIDERS)
