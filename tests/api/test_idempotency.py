"""A POST that is sent again with its key does nothing again, and gets the same answer."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.client import encode_multipart
from django.utils import timezone

from helpdesk.api import idempotency
from helpdesk.api.models import IdempotencyKey
from helpdesk.api.tasks import prune_idempotency_keys
from helpdesk.events.models import EventRecord
from helpdesk.tickets.models import Comment, Ticket
from tests.contracts.refusals import is_a_problem
from tests.factories import ticket_of
from tests.people import UserFactory

Api = Callable[[Any], Any]

BODY = {"title": "Printer on fire", "description": "It burns."}
URL = "/api/tickets/"


def post(client: Any, url: str = URL, body: Any = BODY, *, key: str = "k") -> Any:
    return client.post(url, body, HTTP_IDEMPOTENCY_KEY=key)


def same(first: Any, second: Any) -> bool:
    """In every byte and header, but for those of the request itself."""
    own = {"X-Request-ID", "RateLimit", "RateLimit-Policy", "Idempotent-Replayed"}
    told = [{name: value for name, value in answer.headers.items() if name not in own} for answer in (first, second)]
    return (first.status_code, first.content, told[0]) == (second.status_code, second.content, told[1])


# --- the same again --------------------------------------------------------------------------------------------------


def test_the_second_time_nothing_is_done_and_the_same_is_answered(
    api_as: Api, customer: Any, committing: Any, settings: Any
) -> None:
    client = api_as(customer)
    with committing():
        first = post(client)
    told = EventRecord.objects.count()

    with committing():
        second, third = post(client), post(client)

    assert first.status_code == 201
    assert "Idempotent-Replayed" not in first.headers
    for again in (second, third):
        assert again.headers["Idempotent-Replayed"] == "true"
        assert same(first, again)
        assert again.headers["X-Request-ID"] != first.headers["X-Request-ID"]
    assert first.headers["ETag"] == second.headers["ETag"]
    assert (Ticket.objects.count(), EventRecord.objects.count()) == (1, told)


def test_it_is_the_first_answer_though_the_ticket_has_changed(api_as: Api, customer: Any, agent: Any) -> None:
    first = post(api_as(customer))
    url = f"{URL}{first.json()['id']}/"
    api_as(agent).patch(url, {"title": "Smoke"})
    api_as(agent).delete(url)

    assert same(first, post(api_as(customer)))


@pytest.mark.parametrize("action", ["claim", "close", "reopen", "restore"])
def test_actions_take_keys_too(api_as: Api, customer: Any, agent: Any, admin: Any, action: str) -> None:
    ticket = ticket_of(customer)
    if action == "reopen":
        api_as(agent).post(f"{URL}{ticket.pk}/close/")
    url, client = f"{URL}{ticket.pk}/{action}/", api_as(admin)

    first = post(client, url, None)
    api_as(agent).patch(f"{URL}{ticket.pk}/", {"title": "Smoke"})
    second = post(client, url, None)

    assert first.status_code == 200
    assert same(first, second)


def test_a_retry_is_answered_before_its_precondition_is_looked_at(api_as: Api, agent: Any) -> None:
    ticket = ticket_of(UserFactory())
    url, client = f"{URL}{ticket.pk}/claim/", api_as(agent)
    headers = {"HTTP_IDEMPOTENCY_KEY": "k", "HTTP_IF_MATCH": '"1"'}

    first, second = (client.post(url, **headers) for _ in range(2))

    assert (first.status_code, first.json()["version"]) == (200, 2)
    assert same(first, second)


def test_comments_and_people_come_once_too(api_as: Api, customer: Any, admin: Any) -> None:
    ticket, client = ticket_of(customer), api_as(admin)
    person = {"username": "ana", "email": "ana@example.com"}
    for url, body in (
        ("/api/comments/", {"ticket": ticket.pk, "content": "x"}),
        (f"{URL}{ticket.pk}/comments/", {"content": "x"}),
        ("/api/users/", person),
    ):
        assert same(post(client, url, body), post(client, url, body)), url
    assert Comment.objects.count() == 2


@pytest.mark.parametrize("key", ["x", "~", "a b", '"quoted"', "8e03978e-40d5-43e8-bc93-6894a57f9324", "k" * 255])
def test_a_key_is_1_to_255_printable_characters(api_as: Api, customer: Any, key: str) -> None:
    client = api_as(customer)
    assert same(post(client, key=key), post(client, key=key))


@pytest.mark.parametrize("key", ["", "k" * 256, "ñ", "a\tb", "a\x00b", "\x7f", "\u2028"])
def test_another_key_is_400_and_nothing_is_done(api_as: Api, customer: Any, key: str) -> None:
    refusal = post(api_as(customer), key=key)

    assert is_a_problem(refusal, 400)
    assert refusal.json()["code"] == "invalid_idempotency_key"
    assert (Ticket.objects.count(), IdempotencyKey.objects.count()) == (0, 0)


# --- what is not the same --------------------------------------------------------------------------------------------


def test_another_body_with_the_same_key_is_422(api_as: Api, customer: Any) -> None:
    client = api_as(customer)
    first = post(client)
    for body in (BODY | {"title": "Smoke"}, BODY | {"title": ""}, {}, None):
        refusal = post(client, body=body)
        assert is_a_problem(refusal, 422)
        assert (refusal.json()["code"], refusal.json()["title"]) == ("idempotency_key_reused", "Unprocessable Content")
    assert same(first, post(client))
    assert Ticket.objects.count() == 1


def test_a_key_is_of_one_person_and_one_address(api_as: Api, customer: Any, agent: Any) -> None:
    tickets = [ticket_of(customer), ticket_of(customer)]
    for user in (customer, agent):
        for url in (URL, *(f"{URL}{ticket.pk}/comments/" for ticket in tickets)):
            answer = post(api_as(user), url, BODY | {"content": "x"})
            assert (answer.status_code, "Idempotent-Replayed" in answer.headers) == (201, False)
    assert (Ticket.objects.count(), Comment.objects.count()) == (4, 4)


def test_an_address_is_the_same_under_both_prefixes_and_however_its_id_is_written(api_as: Api, customer: Any) -> None:
    ticket, client = ticket_of(customer), api_as(customer)
    answers = [
        post(client, url.format(ticket.pk), {"content": "x"})
        for url in ("/api/tickets/{}/comments/", "/api/v1/tickets/{}/comments/", "/api/tickets/0{}/comments/")
    ]

    assert ["Idempotent-Replayed" in answer.headers for answer in answers] == [False, True, True]
    assert Comment.objects.count() == 1


def test_who_has_another_role_by_now_is_not_given_the_answer_of_the_former_one(
    api_as: Api, customer: Any, agent: Any
) -> None:
    ticket = ticket_of(customer)
    api_as(agent).post(f"{URL}{ticket.pk}/comments/", {"content": "zzsecret", "is_internal": True})
    assert b"zzsecret" in post(api_as(agent), f"{URL}{ticket.pk}/claim/", None).content
    agent.role = "customer"
    agent.save()

    refusal = post(api_as(agent), f"{URL}{ticket.pk}/claim/", None)

    assert is_a_problem(refusal, 422)
    assert b"zzsecret" not in refusal.content


def test_another_persons_key_and_ticket_are_404(api_as: Api, customer: Any, stranger: Any) -> None:
    ticket = ticket_of(customer)
    url = f"{URL}{ticket.pk}/comments/"
    post(api_as(customer), url, {"content": "x"})

    for body in ({"content": "x"}, {"content": ""}, None):
        assert is_a_problem(post(api_as(stranger), url, body), 404)


# --- only success is kept --------------------------------------------------------------------------------------------


def test_what_was_refused_may_be_tried_again_with_the_same_key(api_as: Api, customer: Any, agent: Any) -> None:
    ticket, client = ticket_of(customer), api_as(customer)
    comments = f"{URL}{ticket.pk}/comments/"
    assert is_a_problem(post(client, body=BODY | {"title": ""}), 400)
    assert is_a_problem(post(client, body=BODY | {"created_by": agent.pk}), 403)
    assert is_a_problem(post(client, f"{URL}9000000000/close/", None), 404)
    assert is_a_problem(post(client, f"{URL}{ticket.pk}/reopen/", None), 409)
    api_as(agent).post(f"{URL}{ticket.pk}/close/")
    assert is_a_problem(post(client, comments, {"content": "x"}), 409)
    assert is_a_problem(client.post(f"{URL}{ticket.pk}/close/", HTTP_IF_MATCH='"1"', HTTP_IDEMPOTENCY_KEY="k"), 412)
    assert IdempotencyKey.objects.count() == 0

    assert post(client).status_code == 201
    assert post(client, f"{URL}{ticket.pk}/reopen/", None).status_code == 200
    assert post(client, comments, {"content": "x"}).status_code == 201


@pytest.mark.parametrize(
    ("body", "status"), [("{", 400), ("[]", 400), ("x" * 2_000_000, 413), ('{"title": "\\u0000"}', 400)]
)
def test_a_bad_body_is_refused_as_without_a_key(
    api_as: Api, customer: Any, stranger: Any, body: str, status: int
) -> None:
    comments = f"{URL}{ticket_of(customer).pk}/comments/"
    for user, url, expected in ((customer, URL, status), (customer, comments, status), (stranger, comments, 404)):
        refusal = api_as(user).post(url, body, content_type="application/json", HTTP_IDEMPOTENCY_KEY="k")
        assert is_a_problem(refusal, expected)
    assert api_as(None).post(URL, body, content_type="application/json", HTTP_IDEMPOTENCY_KEY="").status_code == 401
    refusal = api_as(customer).post(URL, "x", content_type="text/plain", HTTP_IDEMPOTENCY_KEY="k")
    assert is_a_problem(refusal, 415)


def test_what_fails_halfway_leaves_neither_a_ticket_nor_a_key(
    api_as: Api, customer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the ticket was written, before its answer was kept."""
    client = api_as(customer)
    client.raise_request_exception = False
    with monkeypatch.context() as broken:
        broken.setattr(idempotency, "_keep", lambda *_args, **_kwargs: 1 / 0)
        assert post(client).status_code == 500
    assert (Ticket.objects.count(), EventRecord.objects.count(), IdempotencyKey.objects.count()) == (0, 0, 0)
    assert post(client).status_code == 201


@pytest.mark.parametrize("status", [200, 202, 204, 302, 409])
def test_an_answer_that_is_no_success_takes_back_what_was_done(
    small_views: None, api_as: Api, customer: Any, status: int
) -> None:
    kept = status < 300
    answers = [post(api_as(customer), "/test/answering/", {"status": status}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [status, status]
    assert ["Idempotent-Replayed" in answer.headers for answer in answers] == [False, kept]
    customer.refresh_from_db()
    assert (customer.name == "Written", IdempotencyKey.objects.exists()) == (kept, kept)


# --- where, and for how long -----------------------------------------------------------------------------------------


def test_signing_in_and_other_methods_take_no_keys(api_as: Api, customer: Any, agent: Any) -> None:
    ticket = ticket_of(customer)
    tickets = [post(api_as(customer), "/api/auth/ws-ticket/", None).json()["ticket"] for _ in range(2)]
    assert len(set(tickets)) == 2
    assert post(api_as(None), body={}).status_code == 401
    for title in ("One", "Two"):
        answer = api_as(agent).patch(f"{URL}{ticket.pk}/", {"title": title}, HTTP_IDEMPOTENCY_KEY="k")
        assert answer.json()["title"] == title
    assert IdempotencyKey.objects.count() == 0


def test_after_a_day_the_key_is_free_pruned_or_not(api_as: Api, customer: Any) -> None:
    client = api_as(customer)
    # Tokens live an hour; the row is what grows old.
    first = post(client)
    _age(hours=23.9)
    assert same(first, post(client))
    _age(hours=24)

    again = post(client, body=BODY | {"title": "Smoke"})

    assert (again.status_code, again.json()["title"]) == (201, "Smoke")
    assert same(again, post(client, body=BODY | {"title": "Smoke"}))
    assert IdempotencyKey.objects.count() == 1


def test_the_beat_forgets_what_is_older_than_a_day(
    api_as: Api, customer: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "_BATCH", 2)
    for key in "abcde":
        post(api_as(customer), key=key)
    _age(hours=25)
    post(api_as(customer), key="young")

    prune_idempotency_keys()

    assert [row.key for row in IdempotencyKey.objects.all()] == ["young"]
    tasks = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert "helpdesk.api.tasks.prune_idempotency_keys" in tasks


def _age(*, hours: float) -> None:
    IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(hours=hours))


def test_a_replay_takes_no_more_than_a_lock_and_a_look(
    api_as: Api, customer: Any, django_assert_num_queries: Any
) -> None:
    client = api_as(customer)
    post(client)
    # Whose token is this? A savepoint, since the test itself is a transaction, the lock, the look, and its end.
    with django_assert_num_queries(5):
        post(client)


# --- at once ---------------------------------------------------------------------------------------------------------


def test_while_the_first_is_still_being_answered_others_wait_for_it(
    transactional_db: None, api_as: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, begun, done = api_as(UserFactory()), threading.Event(), threading.Event()
    keep, answers = idempotency._keep, []

    def slowly(*args: Any, **kwargs: Any) -> None:
        begun.set()
        assert done.wait(20)
        keep(*args, **kwargs)

    def first() -> None:
        try:
            answers.append(post(client))
        finally:
            connection.close()

    monkeypatch.setattr(idempotency, "_keep", slowly)
    thread = threading.Thread(target=first)
    thread.start()
    assert begun.wait(20)
    try:
        refusal = post(client)
        elsewhere = IdempotencyKey.objects.count(), Ticket.objects.count()
    finally:
        done.set()
        thread.join(20)

    assert is_a_problem(refusal, 409)
    assert (refusal.json()["code"], refusal.headers["Retry-After"]) == ("idempotency_key_in_use", "1")
    assert elsewhere == (0, 0)
    assert same(answers[0], post(client))
    assert Ticket.objects.count() == 1


# --- files -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def upload(small_views: None, api_as: Api, customer: Any) -> Callable[..., Any]:
    """`upload(content, …)`: a multipart body, with another boundary each time."""
    client, boundaries = api_as(customer), iter(range(100))

    def send(
        content: bytes = b"x", *, name: str = "a.txt", type_: str = "text/plain", field: str = "file", **texts: str
    ) -> Any:
        boundary = f"boundary-{next(boundaries)}"
        file = SimpleUploadedFile(name, content, content_type=type_)
        body = encode_multipart(boundary, {field: file, **texts})
        kind = f"multipart/form-data; boundary={boundary}"
        return client.generic("POST", "/test/upload/", body, content_type=kind, HTTP_IDEMPOTENCY_KEY="k")

    return send


def test_a_file_is_the_same_whatever_stands_between_the_parts(upload: Callable[..., Any]) -> None:
    first, second = upload(b"x" * 3_000_000, comment="1"), upload(b"x" * 3_000_000, comment="1")

    assert first.status_code == 201
    assert same(first, second)
    assert second.headers["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize(
    "other",
    [
        {"content": b"y"},
        {"content": b""},
        {"name": "b.txt"},
        {"type_": "text/html"},
        {"field": "files"},
        {"comment": "2"},
        {"comment": ""},
        {"another": "1"},
    ],
    ids=str,
)
def test_another_part_is_another_body(upload: Callable[..., Any], other: dict[str, Any]) -> None:
    assert upload(comment="1").status_code == 201
    assert is_a_problem(upload(**({"comment": "1"} | other)), 422)
